import { basename } from 'node:path';
import { checkSettings } from '../../server/config/checkSettings.ts';
import type { Config } from '../../server/config/config.ts';
import { findVariable, keepSecret } from '../../server/config/secret.ts';
import { eachSetting, type SettingsOf } from '../../server/config/setting.ts';
import { CONFIG_SETTINGS } from '../../server/config/settings.ts';
import { type GivenSetting, valueAt } from '../../server/config/settingsReport.ts';
import { createDefaultAgents } from '../defaultAgents.ts';
import { loadConfig } from '../loadConfig.ts';
import { type GivenValue, readEnvironment } from './environment.ts';

export interface ConfigSources {
  /** Where a config file is looked for that has no name, and what its name is relative to. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Named by `--config`. */
  readonly file?: string | undefined;
  /** Options that were given as flags; those without a value were not. */
  readonly flags?: readonly GivenValue[];
}

export interface EffectiveConfig {
  /** Undefined where there is no config file. */
  readonly file: string | undefined;
  /** With the defaults of what is not in a group; the server knows those of limits. */
  readonly config: Config;
  /** Every option there is, in the order of the documentation. */
  readonly values: readonly GivenSetting[];
  /** For a person: which model an agent has that nobody configured. */
  readonly note: string | undefined;
}

/** What others than `secret()` read. */
const SECRET_VARIABLES = ['OPENAI_API_KEY', 'VERBATIM_TOKEN', 'VERBATIM_PASSWORD'] as const;

/**
 * The configuration that holds: a flag goes before the environment, that before the file, and that before the default, for each option and
 * each limit by itself. Throws `CONFIG_INVALID`, naming what is wrong and where.
 */
export async function readConfig({ cwd, environment, file: named, flags = [] }: ConfigSources): Promise<EffectiveConfig> {
  for (const name of SECRET_VARIABLES) {
    const found = findVariable(name, environment);
    if (found !== undefined) keepSecret({ name, ...found });
  }
  const fromEnvironment = readEnvironment(environment);
  const loaded = await loadConfig(cwd, named);
  if (loaded !== undefined) checkSettings(loaded.options, CONFIG_SETTINGS);
  const standIn = loaded === undefined ? createDefaultAgents(environment) : undefined;
  const options: Record<string, unknown> = { ...(loaded?.options ?? { agents: standIn?.agents }) };
  const fileName = loaded === undefined ? 'default' : basename(loaded.file);

  const given = new Map<string, GivenValue>();
  for (const value of [...fromEnvironment, ...flags]) if (value.value !== undefined) given.set(value.path.join('.'), value);
  const values: GivenSetting[] = [];
  for (const { path, setting } of eachSetting(CONFIG_SETTINGS)) {
    const { value, source } = given.get(path.join('.')) ?? { value: valueAt(options, path), source: fileName };
    const isSet = value !== undefined;
    const fallback = 'default' in setting ? setting.default : undefined;
    values.push({ path, setting, value: isSet ? value : fallback, source: isSet ? source : 'default' });
    if (isSet ? source !== fileName : path.length === 1) setValue(options, path, isSet ? value : fallback);
  }
  // The outer shape and the kind of every value were checked above, and agents by loadConfig.
  return { file: loaded?.file, config: options as unknown as Config, values, note: standIn?.note };
}

/** Those options of a configuration that somebody takes. */
export function optionsOf<Options>(config: Config, settings: SettingsOf<Options>): Options {
  const taken = Object.entries(config).filter(([name, value]) => Object.hasOwn(settings, name) && value !== undefined);
  // The settings have the keys of the options, and the values of the configuration are theirs.
  return Object.fromEntries(taken) as Options;
}

/** Copies what it changes: a config file may have frozen its options, or share them with something else. */
function setValue(options: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    if (value !== undefined) options[name] = value;
    return;
  }
  const inner = { ...(options[name] as Record<string, unknown> | undefined) };
  setValue(inner, rest, value);
  options[name] = inner;
}
