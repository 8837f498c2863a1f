const MAX_CHARACTERS = 255;
/** Control characters, and those that turn the direction of writing: `exe.gpj` would read `jpg.exe`. */
const INVISIBLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A name to show for a file, from one that somebody gave: without folders, and no longer than its last 255 characters. */
export function fileName(given: unknown): string | undefined {
  if (typeof given !== 'string') return undefined;
  const name = given
    .toWellFormed()
    .replace(/^.*[\\/]/s, '')
    .replace(INVISIBLE, '')
    .trim();
  const characters = [...name];
  return /^\.*$/.test(name) ? undefined : characters.slice(-MAX_CHARACTERS).join('');
}
