import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeEvent,
  deltaHead,
  deltaKey,
  deltaStart,
  type EncodedEvent,
  encodeDelta,
  encodeEvent,
  joinDeltas,
  typeOf,
  withFirstSeq,
} from '../../src/db/encodedEvent.ts';

type DeltaType = 'text.delta' | 'reasoning.delta';

function delta(
  seq: number,
  text: string,
  { type = 'text.delta', messageId = 'msg_1' }: { type?: DeltaType; messageId?: string } = {},
): EncodedEvent {
  return { seq, run: 7, type, json: encodeDelta(seq, 1_000 + seq, deltaHead(type, 'run_1', messageId), text) };
}

const join = (parts: readonly EncodedEvent[]): EncodedEvent => joinDeltas(parts, deltaStart(parts[0] ?? delta(1, '')));

// Any UTF-16, halves of surrogate pairs included.
const utf16 = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units));

test('a delta is encoded as any event is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), utf16, (seq, text) => {
      const draft = { type: 'text.delta', runId: 'run_1', messageId: 'msg_1', delta: text } as const;
      expect(delta(seq, text).json).toBe(encodeEvent(seq, 1_000 + seq, 7, draft).json);
    }),
  );
});

test('joined deltas hold the text of all, at the place of the last', () => {
  fc.assert(
    fc.property(fc.array(utf16, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 1_200 }), (texts, first) => {
      const joined = join(texts.map((text, index) => delta(first + index, text)));
      const last = first + texts.length - 1;
      expect(JSON.parse(joined.json)).toEqual({
        seq: last,
        at: 1_000 + last,
        type: 'text.delta',
        runId: 'run_1',
        messageId: 'msg_1',
        delta: texts.join(''),
      });
      expect(joined).toMatchObject({ seq: last, run: 7, type: 'text.delta' });
    }),
  );
});

test('a character that was cut in two is whole again', () => {
  const [high = '', low = ''] = ['😀'.slice(0, 1), '😀'.slice(1)];
  expect(decodeEvent(join([delta(9, high), delta(10, low)]).json)).toMatchObject({ seq: 10, delta: '😀' });
});

test('quotes, backslashes and text that looks like JSON join as they are', () => {
  const texts = ['"', '\\', '","delta":"', '}', '\\"', '\n'];
  expect(decodeEvent(join(texts.map((text, index) => delta(index + 1, text))).json)).toMatchObject({ delta: texts.join('') });
});

test('only deltas of one type and one message share a key', () => {
  const keyOf = (event: EncodedEvent): string => deltaKey(event, deltaStart(event));
  const key = keyOf(delta(1, 'a'));
  expect(keyOf(delta(1_000, ',"type":"x","delta":"'))).toBe(key);
  expect(keyOf(delta(1, 'a', { type: 'reasoning.delta' }))).not.toBe(key);
  expect(keyOf(delta(1, 'a', { messageId: 'msg_2' }))).not.toBe(key);
});

test('what is not a delta has no place to join at', () => {
  const event = encodeEvent(1, 2, 0, { type: 'run.status', runId: 'r', text: ',"delta":"' });
  expect(deltaStart(event)).toBe(-1);
});

test('an event is marked as standing for earlier ones without a change to the rest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 }), fc.integer({ min: 1 }), utf16, (seq, firstSeq, text) => {
      const event = encodeEvent(seq, 5, 0, { type: 'run.status', runId: 'r', text });
      expect(JSON.parse(withFirstSeq(event, firstSeq))).toEqual({ ...JSON.parse(event.json), firstSeq });
      expect(withFirstSeq(event, firstSeq).startsWith(`{"seq":${seq},"firstSeq":${firstSeq},`)).toBe(true);
    }),
  );
});

describe('typeOf', () => {
  test('reads the type from the text, whatever the payload says', () => {
    const event = encodeEvent(1, 2, 0, { type: 'data', runId: 'r', name: '"type":"x"', data: { type: 'y' } });
    expect(typeOf(event.json)).toBe('data');
    expect(typeOf(delta(3, '"type":"z"').json)).toBe('text.delta');
  });
});
