import type { Argument, Command, Option } from 'commander';
import type { IdKind } from './serverIds.ts';

export interface Completion {
  readonly value: string;
  readonly description?: string | undefined;
}

/** `files` leaves it to the shell. */
export type Completions = readonly Completion[] | 'files';

/** What has been typed of where the server is. */
export interface TypedFlags {
  readonly url?: string;
  readonly token?: string;
}

export type ReadIds = (kind: IdKind, flags: TypedFlags) => Promise<readonly Completion[]>;

/**
 * What may follow: `words` are those after the command's own name, the last one being written and perhaps empty. Commands and options are those that
 * `--help` shows; ids come from `readIds`.
 */
export async function completionsFor(program: Command, words: readonly string[], readIds: ReadIds): Promise<Completions> {
  const current = words.at(-1) ?? '';
  const { command, option, places, flags } = walk(program, words.slice(0, -1));
  if (option !== undefined) return starting(current, await valuesOf(option, command, flags, readIds));
  if (current.startsWith('-')) return starting(current, optionsOf(command));
  if (command.commands.length > 0) return starting(current, commandsOf(command));
  const argument = command.registeredArguments[places] ?? command.registeredArguments.find(({ variadic }) => variadic);
  if (argument === undefined) return starting(current, optionsOf(command));
  return starting(current, await valuesOf(argument, command, flags, readIds));
}

interface Place {
  readonly command: Command;
  /** What is written is its value. */
  readonly option: Option | undefined;
  /** Arguments that are there already. */
  readonly places: number;
  readonly flags: TypedFlags;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let places = 0;
  const flags: Record<string, string> = {};
  for (const word of words) {
    if (option !== undefined) {
      flags[option.attributeName()] = word;
      option = undefined;
    } else if (word.startsWith('-')) {
      const [name, value] = word.split(/=(.*)/s, 2);
      const known = command.options.find(({ long, short }) => long === name || short === name);
      if (known !== undefined && value !== undefined) flags[known.attributeName()] = value;
      else if (known?.required || known?.optional) option = known;
    } else {
      const sub = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (sub === undefined) places++;
      else command = sub;
    }
  }
  return { command, option, places, flags };
}

function optionsOf(command: Command): readonly Completion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
}

function commandsOf(command: Command): readonly Completion[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.description() }));
}

async function valuesOf(of: Option | Argument, command: Command, flags: TypedFlags, readIds: ReadIds): Promise<Completions> {
  if (of.argChoices !== undefined) return of.argChoices.map((value) => ({ value }));
  const name = 'flags' in of ? of.attributeName() : of.name();
  // Of a command or of an option, as their help calls it.
  const shown = 'flags' in of ? of.flags : `<${of.name()}>`;
  if (/[<[](?:file|folder)/.test(shown) || name === 'package') return 'files';
  if (name === 'run') return readIds(command.name() === 'cancel' ? 'openRun' : 'run', flags);
  if (name === 'thread' || name === 'agent') return readIds(name, flags);
  return [];
}

function starting(current: string, found: Completions): Completions {
  return found === 'files' ? found : found.filter(({ value }) => value.startsWith(current));
}
