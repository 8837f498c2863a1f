/** A text frame of a WebSocket server, whole (RFC 6455, section 5.2), with a character for each byte. */
export function textFrame(text: string): string {
  const bytes = utf8Bytes(text);
  const { length } = bytes;
  if (length < 126) return String.fromCharCode(FINAL_TEXT, length) + bytes;
  if (length < 1 << 16) return String.fromCharCode(FINAL_TEXT, 126, length >> 8, length & 0xff) + bytes;
  const header = Buffer.alloc(10);
  header[0] = FINAL_TEXT;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header.toString('latin1') + bytes;
}

/** A chunk of an HTTP/1.1 body (RFC 9112, section 7.1), with a character for each byte. */
export function httpChunk(text: string): string {
  const bytes = utf8Bytes(text);
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
}

const FINAL_TEXT = 0x81;

/** A character for each byte of the text. Most of what is sent is ASCII and is that already. */
export function utf8Bytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}
