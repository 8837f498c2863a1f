import { type EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { utf8Bytes } from '../../src/db/utf8Bytes.ts';
import { httpChunk, textFrame } from '../../src/server/frames.ts';

/** What `ws` reads frames with; its types leave it out. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => EventEmitter & { write(data: Buffer): void };
};

const TEXTS = [
  '',
  'a'.repeat(125),
  'a'.repeat(126),
  'ä'.repeat(63),
  '日本'.repeat(40),
  '🙂',
  'a'.repeat(65_535),
  'a'.repeat(65_536),
  'ß'.repeat(40_000),
];

test.each(TEXTS.map((text) => [text.length, text]))('a frame of %i units is what another implementation reads', async (_length, text) => {
  const receiver = new Receiver({ isServer: false, maxPayload: 1 << 20 });
  const message = once(receiver, 'message');
  receiver.write(Buffer.from(textFrame(utf8Bytes(text)), 'latin1'));
  const [data, isBinary] = await message;
  expect([String(data), isBinary]).toEqual([text, false]);
});

test.each(TEXTS.slice(1).map((text) => [text.length, text]))('a chunk of %i units says its length in bytes', (_length, text) => {
  const bytes = Buffer.from(httpChunk(utf8Bytes(text)), 'latin1').toString();
  expect(bytes).toBe(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
});
