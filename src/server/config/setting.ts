import type { Json } from '../../protocol/json.ts';

/** Names in the environment that mean the same, besides its own; its own goes first. */
interface Named {
  readonly aliases?: readonly string[];
}

export interface TextSetting extends Named {
  readonly kind: 'text';
  readonly default?: string;
}

export interface NumberSetting extends Named {
  readonly kind: 'number';
  readonly default?: number;
  /** `false` is taken too: for never. */
  readonly orFalse?: true;
  /** Must be whole, from 0 to this. Absent: any number of 0 or more, also `Infinity`. */
  readonly max?: number;
  /** What is said when it is none, in the place of the usual. */
  readonly says?: string;
}

export interface FlagSetting extends Named {
  readonly kind: 'flag';
  readonly default?: boolean;
}

export interface ChoiceSetting extends Named {
  readonly kind: 'choice';
  readonly of: readonly string[];
  readonly default?: string;
}

/** Several texts; in the environment with commas between. */
export interface ListSetting extends Named {
  readonly kind: 'list';
}

/** What a file says in code: functions, agents, objects of other libraries, and what is keyed by names of the application. */
export interface CodeSetting extends Named {
  readonly kind: 'code';
  /** Reads it from a variable, and throws for what it cannot be. Absent: only a file can say it. */
  readonly fromText?: (text: string) => unknown;
  /** What is shown of it. Default: data as it is, and of the rest that it is there. */
  readonly show?: (value: never) => Json;
  /** Options within, which are looked at where it is an object. */
  readonly members?: Settings;
}

export interface GroupSetting {
  readonly kind: 'group';
  readonly members: Settings;
  /** What one member is called. Default `option`. */
  readonly noun?: string;
}

/** How one option is written, in a file and in the environment. */
export type Setting = TextSetting | NumberSetting | FlagSetting | ChoiceSetting | ListSetting | CodeSetting | GroupSetting;

export type Settings = Readonly<Record<string, Setting>>;

/** A setting for each key of a type: a new option does not compile until it has one. */
export type SettingsOf<Options> = Readonly<Record<keyof Options, Setting>>;

/** Each setting that has a value of its own, with the names on the way to it; those within a group in its place. */
export function* eachSetting(
  settings: Settings,
  path: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly setting: Exclude<Setting, GroupSetting> }> {
  for (const [name, setting] of Object.entries(settings)) {
    if (setting.kind === 'group') yield* eachSetting(setting.members, [...path, name]);
    else yield { path: [...path, name], setting };
  }
}

/** `limits.maxSteps` is `VERBATIM_LIMITS_MAX_STEPS`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  return ['VERBATIM', ...words].join('_');
}
