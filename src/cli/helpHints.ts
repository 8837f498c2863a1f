import type { Command } from 'commander';

/** Has each command, after a mistake in what was typed, name its own help and not that of all. */
export function addHelpHints(command: Command, words: readonly string[] = []): void {
  const what = command.commands.length > 0 ? 'the commands and their options' : 'its arguments and options';
  command.showHelpAfterError(`(${['verbatim', ...words, '--help'].join(' ')} lists ${what})`);
  for (const sub of command.commands) addHelpHints(sub, [...words, sub.name()]);
}
