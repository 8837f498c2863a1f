import { once } from 'node:events';
import { plainJson } from './plainText.ts';

/** Writes to stdout, no faster than it is taken. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** For programs, and for eyes: indented. */
export function writeJson(value: unknown): Promise<void> {
  return write(`${plainJson(JSON.stringify(value, null, 2))}\n`);
}

/** A sentence for a person, beside what stdout is for. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
