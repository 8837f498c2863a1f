import { settingInfo } from '../../server/config/settingsReport.ts';
import { shownValue } from '../../server/config/shownValue.ts';
import type { Paint } from '../paint.ts';
import { type EffectiveConfig, readConfig } from './effectiveConfig.ts';

export interface PrintConfigFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface PrintConfigOptions {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly paint: Paint;
  print(line: string): void;
}

/** Prints every option with its value and who gave it. Secrets are hidden. */
export async function printConfig(flags: PrintConfigFlags, { cwd, environment, paint, print }: PrintConfigOptions): Promise<void> {
  const effective = await readConfig({ cwd, environment, file: flags.config });
  if (flags.json) return print(JSON.stringify(asJson(effective), null, 2));
  const rows = effective.values.map(({ path, setting, value, source }) => {
    const shown = shownValue(path.at(-1) ?? '', setting, value);
    return { name: path.join('.'), value: shown === undefined ? '-' : inOneLine(shown), source };
  });
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.min(40, Math.max(...rows.map(({ value }) => value.length)));
  for (const { name, value, source } of rows) {
    const line = `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`;
    print(source === 'default' ? paint.dim(line) : line);
  }
}

function asJson({ file, values }: EffectiveConfig): object {
  const options = values.map(settingInfo).map(({ name, ...setting }) => [name, setting]);
  return { file: file ?? null, options: Object.fromEntries(options) };
}

function inOneLine(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ') || '(none)';
  return JSON.stringify(value);
}
