import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ServerSentEvent, ServerSentEvents } from '../../../src/agents/models/serverSentEvents.ts';

function read(text: string, cuts: readonly number[] = [], maxEventBytes = 10_000): ServerSentEvent[] {
  const bytes = Buffer.from(text);
  const events = new ServerSentEvents({ maxEventBytes });
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  const read: ServerSentEvent[] = [];
  for (const to of places) {
    read.push(...events.push(bytes.subarray(from, to)));
    from = to;
  }
  return [...read, ...events.end()];
}

describe('server-sent events', () => {
  it('are the same however the bytes are cut, with either line end, comments in between, or no blank line at the end', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, '.'));
    fc.assert(
      fc.property(
        fc.array(fc.record({ event: fc.constantFrom('', 'error'), data: line, comment: fc.boolean() }), { minLength: 1 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.nat()),
        (events, end, blankAtEnd, cuts) => {
          const blocks = events.map(({ event, data, comment }) =>
            [...(comment ? [': alive'] : []), ...(event === '' ? [] : [`event: ${event}`]), `data: ${data}`].join(end),
          );
          const text = blocks.join(end + end) + (blankAtEnd ? end + end : '');
          expect(read(text, cuts)).toEqual(events.map(({ event, data }) => ({ event, data: Buffer.from(data).toString('utf8') })));
        },
      ),
    );
  });

  it('join several lines of data, and need no space after the colon', () => {
    expect(read('data:a\ndata: b\nid: 7\nretry: 3\n\n')).toEqual([{ event: '', data: 'a\nb' }]);
  });

  it('are taken up to the limit of one event, and not beyond', () => {
    expect(read(`data: ${'x'.repeat(94)}`, [50], 100)).toEqual([{ event: '', data: 'x'.repeat(94) }]);
    expect(() => read(`data: ${'x'.repeat(95)}`, [50], 100)).toThrow(expect.objectContaining({ code: 'MODEL_BAD_RESPONSE' }));
    expect(() => read('data: x\n'.repeat(51), [], 100)).toThrow(expect.objectContaining({ code: 'MODEL_BAD_RESPONSE' }));
    expect(read('data: x\n\n'.repeat(51), [], 100)).toHaveLength(51);
  });
});
