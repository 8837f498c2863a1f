import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const MAX_LINES = 1_000;
const MAX_LENGTH = 20_000;

/**
 * What was typed before, oldest first, in a file that only its user can read: a JSON string a line, so that a message of many lines is one.
 * Chats at the same time add to the same file. Where it cannot be read or written, there is a history of this chat alone.
 */
export class InputHistory {
  readonly lines: string[];
  readonly #file: string | undefined;

  /** Without a file nothing is kept. */
  constructor(file: string | undefined) {
    this.#file = file;
    this.lines = file === undefined ? [] : readLines(file);
  }

  add(text: string): void {
    if (text === this.lines.at(-1) || text.length > MAX_LENGTH) return;
    this.lines.push(text);
    if (this.#file === undefined) return;
    try {
      writeFileSync(this.#file, `${JSON.stringify(text)}\n`, { flag: 'a', mode: 0o600 });
    } catch {
      // A home that cannot be written to is no reason not to talk.
    }
  }
}

/** Undefined when the person wants none, or has no home. */
export function historyFile(env: NodeJS.ProcessEnv): string | undefined {
  if (/^(?:off|0|false|no)$/i.test(env.VERBATIM_HISTORY ?? '')) return undefined;
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'verbatim', 'chat_history');
}

function readLines(file: string): string[] {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, '', { flag: 'a', mode: 0o600 });
    chmodSync(file, 0o600);
    const written = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const kept = written.slice(-MAX_LINES);
    if (written.length > 2 * MAX_LINES) writeFileSync(file, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    return kept.flatMap(readLine);
  } catch {
    return [];
  }
}

/** A line that another program wrote is skipped. */
function readLine(line: string): string[] {
  try {
    const text: unknown = JSON.parse(line);
    return typeof text === 'string' ? [text] : [];
  } catch {
    return [];
  }
}
