import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { OTHER_VARIABLES } from '../../src/cli/config/environment.ts';
import { eachSetting, type Setting, variableOf } from '../../src/server/config/setting.ts';
import { CONFIG_SETTINGS } from '../../src/server/config/settings.ts';

const text = readFileSync(fileURLToPath(new URL('../../docs/configuration.md', import.meta.url)), 'utf8');

/** The first cells of every row whose first is code, of the tables in one section. */
function rowsOf(section: string): readonly (readonly string[])[] {
  const from = text.indexOf(`\n## ${section}\n`);
  const body = text.slice(from, text.indexOf('\n## ', from + 1));
  return body
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const settings = [...eachSetting(CONFIG_SETTINGS)].map(({ path, setting }) => ({ name: path.join('.'), path, setting }));
const isLimit = ({ path }: { readonly path: readonly string[] }): boolean => path[0] === 'limits';

function variablesOf(path: readonly string[], setting: Setting): string {
  if (setting.kind === 'code' && setting.fromText === undefined) return 'file only';
  return [variableOf(path), ...('aliases' in setting ? (setting.aliases ?? []) : [])].map((name) => `\`${name}\``).join(', ');
}

function defaultOf(setting: Setting): string {
  const value = 'default' in setting ? setting.default : undefined;
  if (value === undefined) return '';
  return typeof value === 'number' ? value.toLocaleString('en', { useGrouping: !('max' in setting) }) : `\`${value}\``;
}

/** As they must stand there: what is missing can be put in as it is printed. */
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

test('has every limit with its variable and its default, in order', () => {
  const expected = settings
    .filter(isLimit)
    .map(({ path, setting }) => row([`\`${path[1]}\``, variablesOf(path, setting), defaultOf(setting)]));
  expect(rowsOf('Limits').map(row).join('\n')).toBe(expected.join('\n'));
});

test('has every other option with its variables and its default', () => {
  const expected = settings
    .filter((one) => !isLimit(one))
    .map(({ name, path, setting }) => [`\`${name}\``, variablesOf(path, setting), defaultOf(setting)]);
  const written = rowsOf('Options').map((cells) => cells.slice(0, 3));
  expect(written.map(row).sort().join('\n')).toBe(expected.map(row).sort().join('\n'));
  for (const cells of rowsOf('Options')) expect(cells[3], cells[0]).not.toBe('');
});

test('has every other variable that a command reads', () => {
  expect(
    rowsOf('Other variables')
      .map(([name]) => name?.slice(1, -1))
      .filter((name) => name?.startsWith('VERBATIM_'))
      .sort(),
  ).toEqual(Object.keys(OTHER_VARIABLES).sort());
});

test('names no variable of ours that there is not', () => {
  const known = new Set([
    ...settings.flatMap(({ path, setting }) => variablesOf(path, setting).match(/[A-Z_]+/g) ?? []),
    ...Object.keys(OTHER_VARIABLES),
  ]);
  for (const file of ['configuration', 'operations']) {
    const page = readFileSync(fileURLToPath(new URL(`../../docs/${file}.md`, import.meta.url)), 'utf8');
    const named = [...page.matchAll(/\bVERBATIM_[A-Z_]+\b/g)].map(([name]) => name.replace(/_FILE$/, ''));
    // That of Kubernetes is told of.
    expect(
      named.filter((name) => !known.has(name) && !name.endsWith('_') && name !== 'VERBATIM_SERVICE_HOST'),
      file,
    ).toEqual([]);
  }
});
