import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { MAX_PASSWORD_LENGTH } from '../protocol/accountInputs.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** A new password: typed twice at a terminal, where nobody sees it, or the first line of stdin. */
export async function readPassword(name: string): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  const password = isTerminal ? await typedPassword(`Password for ${name}: `) : await firstLine();
  if (password === '')
    throw new VerbatimError('BAD_INPUT', 'There is no password on stdin. Type it at a terminal, or give it as one line.');
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw new VerbatimError('BAD_INPUT', `A password has at most ${MAX_PASSWORD_LENGTH} characters.`);
  }
  if (isTerminal && (await typedPassword('The same again: ')) !== password)
    throw new VerbatimError('BAD_INPUT', 'The two are not the same.');
  return password;
}

/** Asks for a password at the terminal. Readline in raw mode shows what it is told to write, and it writes to nobody. */
export function typedPassword(prompt: string): Promise<string> {
  const nobody = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nobody, terminal: true });
  // Only now does the terminal show nothing: whoever types at the sight of this must not be seen.
  process.stderr.write(prompt);
  return new Promise((resolve, reject) => {
    let answer: string | undefined;
    reader.once('line', (line) => {
      answer = line;
      reader.close();
    });
    // Ctrl-C, Ctrl-D and the end of the terminal all close it.
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => {
      process.stderr.write('\n');
      if (answer === undefined) reject(new VerbatimError('CANCELLED', 'No password was given'));
      else resolve(answer);
    });
  });
}

async function firstLine(): Promise<string> {
  const reader = createInterface({ input: process.stdin });
  for await (const line of reader) return line;
  return '';
}
