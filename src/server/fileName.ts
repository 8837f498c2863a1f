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

/** `content-disposition` with a name that every browser understands. */
export function contentDisposition(kind: 'inline' | 'attachment', name: string | undefined): string {
  if (name === undefined) return kind;
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
