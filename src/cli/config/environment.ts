import { VerbatimError } from '../../protocol/verbatimError.ts';
import { problemOf } from '../../server/config/checkSettings.ts';
import { findVariable } from '../../server/config/secret.ts';
import { type CodeSetting, eachSetting, type GroupSetting, type Setting, type Settings, variableOf } from '../../server/config/setting.ts';
import { CONFIG_SETTINGS } from '../../server/config/settings.ts';
import { nearestName } from '../../server/nearestName.ts';

/** One option as it was given, by whom. */
export interface GivenValue {
  readonly path: readonly string[];
  readonly value: unknown;
  /** A flag, or a variable of the environment. */
  readonly source: string;
}

type Written = Exclude<Setting, CodeSetting | GroupSetting>;

/** Variables that are ours and no options of the configuration, with what they are for. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  VERBATIM_URL: 'the server that a command talks to',
  VERBATIM_TOKEN: 'who a command is to that server',
  VERBATIM_PASSWORD: 'the password of the user whom `--user` names',
  VERBATIM_HISTORY: 'off: `verbatim chat` does not keep what is typed',
  VERBATIM_DEBUG: 'errors of a command are printed with their stack',
  VERBATIM_OFFLINE_TPS: 'tokens a second of the built-in model',
};

/** Kubernetes puts these into every container for a Service of the name `verbatim`, or one that begins with it. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;
/** What the tests of Verbatim itself are told by. */
const OF_TESTS = /^VERBATIM_TEST_/;

/**
 * The options that the environment gives: `VERBATIM_LIMITS_MAX_STEPS=10`, or `VERBATIM_LIMITS_MAX_STEPS_FILE` with the name of a file that
 * holds it. An empty variable counts as absent. Throws `CONFIG_INVALID` for a value of the wrong kind and for a name that begins with
 * `VERBATIM_` and is none of ours, with the one that was likely meant; never with a value.
 */
export function readEnvironment(environment: NodeJS.ProcessEnv, settings: Settings = CONFIG_SETTINGS): readonly GivenValue[] {
  const ours = Object.fromEntries(Object.entries(environment).filter(([name, value]) => !isServiceLink(name, value)));
  const named = new Set<string>(Object.keys(OTHER_VARIABLES));
  const given: GivenValue[] = [];
  for (const { path, setting } of eachSetting(settings)) {
    const own = variableOf(path);
    if (setting.kind === 'code' && setting.fromText === undefined) {
      if (ours[own]) throw invalid(`${own}: \`${path.join('.')}\` can only be set in the config file.`);
      continue;
    }
    const names = [own, ...(setting.aliases ?? [])];
    for (const name of names) named.add(name);
    const said = names.filter((name) => name.startsWith('VERBATIM_')).flatMap((name) => findVariable(name, ours)?.value.trim() ?? []);
    if (new Set(said).size > 1) throw invalid(`${names.join(' and ')} are one setting, and say different things. Keep one of them.`);
    for (const name of names) {
      const found = findVariable(name, ours);
      if (found === undefined) continue;
      const source = found.file === undefined ? name : `${name}_FILE`;
      given.push({ path, source, value: valueIn(setting, found.value, source) });
      break;
    }
  }
  for (const [name, value] of Object.entries(ours)) if (value) checkName(name, named);
  return given;
}

function valueIn(setting: Written | CodeSetting, text: string, variable: string): unknown {
  if (setting.kind === 'code') return setting.fromText?.(text.trim());
  const value = parse(setting, text.trim());
  const problem = problemOf(setting, value);
  if (problem === undefined) return value;
  throw invalid(setting.kind === 'number' && setting.says ? `${variable}: ${setting.says}` : `${variable} ${problem}`);
}

/** Undefined for what cannot be one of its kind. */
function parse(setting: Written, text: string): unknown {
  switch (setting.kind) {
    case 'text':
    case 'choice':
      return text;
    case 'number':
      if (setting.orFalse && text === 'false') return false;
      return /^(?:\d+(?:\.\d+)?|Infinity)$/.test(text) ? Number(text) : undefined;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
  }
}

function checkName(name: string, named: ReadonlySet<string>): void {
  if (!name.startsWith('VERBATIM_') || OF_TESTS.test(name) || named.has(name) || named.has(name.replace(/_FILE$/, ''))) return;
  const nearest = nearestName(
    name,
    [...named].filter((other) => other.startsWith('VERBATIM_')),
  );
  const hint = nearest === undefined ? 'docs/configuration.md lists those that there are.' : `Did you mean ${nearest}?`;
  throw invalid(`There is no setting ${name}. ${hint}`);
}

function isServiceLink(name: string, value: string | undefined): boolean {
  if (!/^VERBATIM_/.test(name)) return false;
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_ADDRESS.test(value ?? ''));
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
