import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SseMessage, SseParser } from '../../src/client/transportSseParser.ts';

function parse(pieces: readonly string[]): SseMessage[] {
  const messages: SseMessage[] = [];
  const parser = new SseParser((message) => messages.push(message));
  for (const piece of pieces) parser.push(piece);
  return messages;
}

const STREAM =
  ': comment\n\nevent: connected\ndata: {}\n\n\ndata: {"a":1}\nid: e-1\n\n\r\nevent:ping\r\ndata:\r\n\r\ndata: two\ndata: lines\n\nevent: gone\n\n';
const MESSAGES: SseMessage[] = [
  { event: 'connected', data: '{}', id: undefined },
  { event: 'message', data: '{"a":1}', id: 'e-1' },
  { event: 'ping', data: '', id: undefined },
  { event: 'message', data: 'two\nlines', id: undefined },
];

test('reads fields, comments, line ends of both kinds and data of several lines', () => {
  expect(parse([STREAM])).toEqual(MESSAGES);
});

test('does not care where the text was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      expect(parse(at.slice(1).map((end, i) => STREAM.slice(at[i], end)))).toEqual(MESSAGES);
    }),
  );
});
