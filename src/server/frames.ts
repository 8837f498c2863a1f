/** A text frame of a WebSocket server, whole (RFC 6455, section 5.2). The text and the frame have a character for each byte. */
export function textFrame(bytes: string): string {
  const { length } = bytes;
  if (length < 126) return String.fromCharCode(FINAL_TEXT, length) + bytes;
  if (length < 1 << 16) return String.fromCharCode(FINAL_TEXT, 126, length >> 8, length & 0xff) + bytes;
  const header = Buffer.alloc(10);
  header[0] = FINAL_TEXT;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header.toString('latin1') + bytes;
}

/** A chunk of an HTTP/1.1 body (RFC 9112, section 7.1), with a character for each byte, as its text has. */
export function httpChunk(bytes: string): string {
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
}

const FINAL_TEXT = 0x81;
