import { fileTypeFromBuffer } from 'file-type';

/** As much of a file's beginning as is looked at. */
export const SNIFFED_BYTES = 64 * 1024;

const SYNTAX = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/;
const TEXT = /^(?:text\/.+|application\/(?:json|xml|yaml|x-yaml|toml|javascript|x-javascript|sql|x-ndjson|jsonl|.+\+(?:json|xml)))$/;

/** Whether a file of this type can be read as text. */
export function isTextType(type: string): boolean {
  return TEXT.test(type);
}

/** A media type without its parameters, in lower case; undefined for what is none. */
export function parseMediaType(text: string | undefined): string | undefined {
  const type = text?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return SYNTAX.test(type) ? type : undefined;
}

/** Whether a media type is one of a list such as `['image/*', 'application/pdf']`. */
export function matchesMediaType(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*/*') return true;
    return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
  });
}

/** What may be written in letters alone and be more than a text. Everything else that is known by a magic number has bytes that no text has. */
const WRITTEN = ['application/pdf', 'application/rtf', 'application/postscript', 'application/xml', 'text/*'];

/**
 * The media type of a file, from its first bytes. What was declared only tells kinds of text apart, and sound from video in a container that
 * may hold either. Undefined when it says to be an image, sound, video or PDF and is none. A drawing in XML is a text, whatever it says:
 * it may hold scripts.
 */
export async function sniffMediaType(head: Uint8Array, declared: string | undefined): Promise<string | undefined> {
  const told = declared === 'image/svg+xml' ? 'application/xml' : declared;
  const kind = kindOf(told);
  const isText = looksLikeText(head);
  const magic = await findMagic(head);
  // A page that begins with `GIF89a` is a page, and a text that begins with `BM` a text.
  const found = isText && magic !== undefined && !matchesMediaType(magic, WRITTEN) ? undefined : magic;
  if (kind !== undefined && (found === undefined || kindOf(found) !== kind)) return undefined;
  if (isText && told !== undefined && isTextType(told)) return told;
  if (found === undefined) return isText ? 'text/plain' : 'application/octet-stream';
  return told !== undefined && kind === 'media' && subtypeOf(told) === subtypeOf(found) ? told : found;
}

async function findMagic(head: Uint8Array): Promise<string | undefined> {
  try {
    return parseMediaType((await fileTypeFromBuffer(head))?.mime);
  } catch {
    return undefined; // A file that is broken where its type would be told is of no type that it knows.
  }
}

function kindOf(type: string | undefined): 'image' | 'media' | 'pdf' | undefined {
  if (type === undefined) return undefined;
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('audio/') || type.startsWith('video/') || type === 'application/ogg') return 'media';
  return type === 'application/pdf' ? 'pdf' : undefined;
}

function subtypeOf(type: string): string {
  return type.slice(type.indexOf('/') + 1);
}

/** Well-formed UTF-8 without control characters. The last character may be cut. */
function looksLikeText(head: Uint8Array): boolean {
  for (const byte of head)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
