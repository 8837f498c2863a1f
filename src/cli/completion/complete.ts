import type { Command } from 'commander';
import { plainLine } from '../plainText.ts';
import { cutToWidth } from '../textTable.ts';
import { type Completion, completionsFor } from './completions.ts';
import { readServerIds } from './serverIds.ts';

const MAX_DESCRIPTION = 60;

/** `verbatim __complete`, which the scripts of `verbatim completion` ask at each Tab. Prints what may follow, a line each, as the shell wants it: `[shell, ...words]`, for bash the line as it is up to the cursor. */
export async function complete(program: Command, [shell = '', ...words]: readonly string[]): Promise<void> {
  const typed = shell === 'bash' ? splitLine(words[0] ?? '').slice(1) : words;
  const found = await completionsFor(program, typed, readServerIds);
  // bash takes files where there is nothing else.
  if (found === 'files') return void (shell === 'bash' ? '' : process.stdout.write(':files\n'));
  process.stdout.write(found.map((each) => `${lineFor(shell, each)}\n`).join(''));
}

function lineFor(shell: string, { value, description }: Completion): string {
  const said = description === undefined ? '' : cutToWidth(plainLine(description), MAX_DESCRIPTION);
  if (shell === 'bash' || said === '') return shell === 'zsh' ? value.replaceAll(':', '\\:') : value;
  return shell === 'zsh' ? `${value.replaceAll(':', '\\:')}:${said}` : `${value}\t${said}`;
}

/** The words of a line that is being written. bash gives its own cut at each `:`, and so cuts URLs. */
export function splitLine(line: string): readonly string[] {
  const words = [''];
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === '\\' && quote !== "'") words.push(words.pop() + (line[++at] ?? ''));
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (quote === undefined && /\s/.test(character)) {
      if (!/\s/.test(line[at - 1] ?? '')) words.push('');
    } else words.push(words.pop() + character);
  }
  return words;
}
