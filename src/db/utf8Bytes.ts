/** A character for each byte of the text. Most of what is stored and sent is ASCII and is that already. */
export function utf8Bytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}
