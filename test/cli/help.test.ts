import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { CliFolder } from '../support/cliFolder.ts';

vi.setConfig({ testTimeout: 120_000 });

async function run(folder: CliFolder, args: readonly string[]) {
  const command = folder.verbatim(args, { COLUMNS: '200' });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** The names under "Commands:". */
const commandsIn = (help: string): readonly string[] =>
  [...(/\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(help)?.[1] ?? '').matchAll(/^ {2}(\S+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');

test('every command has examples in its help, whose options are its own', async () => {
  await using folder = new CliFolder();
  const leaves: string[] = [];
  const visit = async (words: readonly string[]): Promise<void> => {
    const { code, stdout } = await run(folder, [...words, '--help']);
    expect(code).toBe(0);
    const subs = commandsIn(stdout);
    for (const sub of subs) await visit([...words, sub]);
    if (subs.length > 0) return;
    const name = words.join(' ');
    leaves.push(name);
    expect(stdout, name).toMatch(/\nExamples:\n {2}\S/);
    for (const example of EXAMPLES[name] ?? []) {
      expect(example.replace(/^.* \| verbatim /, '')).toMatch(new RegExp(`^${name}(?: |$)`));
      for (const [, option = ''] of example.replace(/ #.*| \| jq.*/, '').matchAll(/ (--[a-z-]+)/g))
        expect(stdout, example).toContain(option);
    }
  };
  await visit([]);
  expect(Object.keys(EXAMPLES).sort()).toEqual(leaves.sort());
});

test('a misspelt command or option is told the one that was meant', async () => {
  await using folder = new CliFolder();
  for (const [args, meant] of [
    [['rnus', 'list'], 'runs'],
    [['runs', 'lst'], 'list'],
    [['threads', 'exprot', 'x'], 'export'],
    [['runs', 'list', '--jsno'], '--json'],
    [['keys', 'lits'], 'list'],
  ] as const) {
    const { code, stdout, stderr } = await run(folder, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`(Did you mean ${meant}?)`);
  }
  expect((await run(folder, ['runs', 'list', '--status', 'done'])).stderr).toContain('Allowed choices are queued, running');
  expect((await run(folder, ['runs', 'list', '--limit', 'many'])).stderr).toContain('It is a number');
});

test('a mistake in what was typed is told where the help of that command is', async () => {
  await using folder = new CliFolder();
  for (const [args, help] of [
    [['rnus', 'list'], 'verbatim --help'],
    [['threads', 'lst'], 'verbatim threads --help'],
    [['threads', 'list', '--jsno'], 'verbatim threads list --help'],
    [['threads', 'export'], 'verbatim threads export --help'],
    [['keys', 'create', '--expires', 'never'], 'verbatim keys create --help'],
    [['chat', 'now', 'please'], 'verbatim chat --help'],
  ] as const) {
    expect((await run(folder, args)).stderr).toContain(`(${help} lists `);
  }
});

test('docs/commands.md has the options that the help has', async () => {
  await using folder = new CliFolder();
  const docs = readFileSync(fileURLToPath(new URL('../../docs/commands.md', import.meta.url)), 'utf8');
  for (const name of [
    'runs list',
    'runs show',
    'runs watch',
    'runs cancel',
    'threads list',
    'threads export',
    'threads delete',
    'init',
    'completion',
  ]) {
    const { stdout } = await run(folder, [...name.split(' '), '--help']);
    const section = new RegExp(`\n## [^\n]*\`verbatim ${name}[ \`][\\s\\S]*?(?=\n## |$)`).exec(docs)?.[0] ?? '';
    expect(section, name).not.toBe('');
    const own = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option);
    const ofAll = ['--help', '--url', '--token', '--user', '--json'];
    for (const option of own.filter((each) => !ofAll.includes(each))) expect(section, name).toContain(`\`${option}`);
    for (const [, option = ''] of section.matchAll(/`(--[a-z-]+)/g)) expect(own, name).toContain(option);
  }
});
