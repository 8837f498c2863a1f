import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEvent, deltaHead, type EncodedEvent, encodeDelta, encodeEvent, joinDeltas } from '../../src/db/encodedEvent.ts';

const HEAD = deltaHead('text.delta', { runId: 'run_1', messageId: 'msg_1', message: 1 });

function delta(seq: number, text: string): EncodedEvent {
  return encodeDelta(seq, 1_000 + seq, 7, HEAD, text);
}

const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

// Any UTF-16, halves of surrogate pairs included.
const utf16 = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units));

test('a delta is encoded as any event is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), utf16, (seq, said) => {
      const draft = { type: 'text.delta', runId: 'run_1', messageId: 'msg_1', delta: said } as const;
      expect(delta(seq, said).json).toBe(encodeEvent(seq, 1_000 + seq, 7, draft).json);
    }),
  );
});

test('joined deltas hold the text of all, at the place of the last', () => {
  fc.assert(
    fc.property(fc.array(utf16, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 1_200 }), (texts, first) => {
      const joined = joinDeltas(texts.map((text, index) => delta(first + index, text)));
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
  expect(decodeEvent(joinDeltas([delta(9, high), delta(10, low)]).json)).toMatchObject({ seq: 10, delta: '😀' });
});

test('quotes, backslashes and text that looks like JSON join as they are', () => {
  const texts = ['"', '\\', '","delta":"', '}', '\\"', '\n'];
  expect(decodeEvent(joinDeltas(texts.map((text, index) => delta(index + 1, text))).json)).toMatchObject({ delta: texts.join('') });
});

test('an event is marked as standing for earlier ones without a change to the rest, in bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 }), fc.integer({ min: 1 }), utf16, (seq, firstSeq, said) => {
      for (const event of [encodeEvent(seq, 5, 0, { type: 'run.status', runId: 'r', text: said }), delta(seq, said)]) {
        expect(text(event.standingFrom(seq))).toBe(event.json);
        if (firstSeq === seq) continue;
        expect(JSON.parse(text(event.standingFrom(firstSeq)))).toEqual({ ...JSON.parse(event.json), firstSeq });
        expect(event.standingFrom(firstSeq).startsWith(`{"seq":${seq},"firstSeq":${firstSeq},`)).toBe(true);
      }
    }),
  );
});

test('bytes have a character for each: what is beyond ASCII takes several', () => {
  expect(delta(1, 'Größe 日本 🙂').standingFrom(1)).toBe(Buffer.from(delta(1, 'Größe 日本 🙂').json).toString('latin1'));
});
