import type { SettingInfo } from '../../protocol/accounts.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { ServerOptions } from '../serverOptions.ts';
import { eachSetting, type Setting, variableOf } from './setting.ts';
import { SERVER_SETTINGS } from './settings.ts';
import { shownValue } from './shownValue.ts';

/** One option with what holds, and who gave it. */
export interface GivenSetting {
  readonly path: readonly string[];
  readonly setting: Setting;
  readonly value: unknown;
  readonly source: string;
}

/** By the options of a server, for as long as there are those. */
const given = new WeakMap<ServerOptions, readonly GivenSetting[]>();

/** Tells where options come from that were read from several places: to be called before a server is made of them. */
export function keepSources(options: ServerOptions, settings: readonly GivenSetting[]): void {
  given.set(options, settings);
}

/** Every option of a server with what holds. Secrets are hidden. */
export function settingsReport(options: ServerOptions, limits: Limits): readonly SettingInfo[] {
  return (given.get(options) ?? ofCode({ database: ':memory:', ...options, limits }, options)).map(settingInfo);
}

/** Of a server that a program has made, by `createServer`. */
function ofCode(effective: ServerOptions, options: ServerOptions): readonly GivenSetting[] {
  return [...eachSetting(SERVER_SETTINGS)].map(({ path, setting }) => {
    const isGiven = valueAt(options, path) !== undefined;
    const fallback = 'default' in setting ? setting.default : undefined;
    return { path, setting, value: valueAt(effective, path) ?? fallback, source: isGiven ? 'code' : 'default' };
  });
}

/** As `verbatim config print --json` has it. */
export function settingInfo({ path, setting, value, source }: GivenSetting): SettingInfo {
  return {
    name: path.join('.'),
    value: shownValue(path.at(-1) ?? '', setting, value) ?? null,
    source,
    ...(setting.kind !== 'code' && { variable: variableOf(path) }),
  };
}

/** The value of an option that may be in a group. */
export function valueAt(options: object, [name = '', ...rest]: readonly string[]): unknown {
  const value: unknown = Object.hasOwn(options, name) ? options[name as keyof typeof options] : undefined;
  if (rest.length === 0) return value;
  return typeof value === 'object' && value !== null ? valueAt(value, rest) : undefined;
}
