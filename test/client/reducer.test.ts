import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyThread, reduceThread, type ThreadState } from '../../src/client/reducer.ts';
import type { AnyEvent, EventDraft } from '../../src/protocol/event.ts';
import { runEvents } from './logServer.ts';

const usage = { inputTokens: 1, outputTokens: 1 };
const error = { code: 'TOOL_FAILED', message: 'm', retryable: false } as const;

function logOf(drafts: readonly EventDraft[]): AnyEvent[] {
  return drafts.map((draft, i) => ({ ...draft, seq: i + 1, at: 1_000 }) as AnyEvent);
}

const reduceAll = (events: readonly AnyEvent[], from: ThreadState = emptyThread) => events.reduce(reduceThread, from);

const id = (prefix: string) => fc.integer({ min: 0, max: 2 }).map((n) => `${prefix}${n}`);
const anyDraft: fc.Arbitrary<EventDraft> = fc
  .record({ runId: id('r'), messageId: id('m'), callId: id('c'), word: fc.string({ maxLength: 3 }), attempt: fc.nat(3) })
  .chain(({ runId, messageId, callId, word, attempt }) =>
    fc.constantFrom<EventDraft>(
      { type: 'message.received', runId, messageId: `u${runId}`, agent: 'a', text: word, principalId: 'p' },
      { type: 'message.steered', runId, messageId: `u${runId}` },
      { type: 'run.queued', runId, agent: 'a', place: attempt, messageId: `u${runId}` },
      { type: 'run.started', runId, agent: 'a', attempt },
      { type: 'run.started', runId, agent: 'a', attempt, parentRunId: 'r0' },
      { type: 'run.resumed', runId, attempt, reason: 'crash' },
      { type: 'run.waiting', runId, callIds: [callId] },
      { type: 'run.status', runId, text: word },
      { type: 'message.started', runId, messageId, agent: 'a', step: 1 },
      { type: 'text.delta', runId, messageId, delta: word },
      { type: 'text.delta', runId, messageId, delta: `${word}!` },
      { type: 'reasoning.delta', runId, messageId, delta: word },
      { type: 'message.completed', runId, messageId, text: word, finish: 'stop' },
      { type: 'message.discarded', runId, messageId, reason: 'interrupted' },
      { type: 'tool.called', runId, messageId, callId, tool: 't', input: word },
      { type: 'tool.progress', runId, callId, tool: 't', data: word },
      { type: 'tool.completed', runId, callId, tool: 't', output: word },
      { type: 'tool.failed', runId, callId, tool: 't', error },
      { type: 'data', runId, name: 'n', data: word },
      { type: 'run.completed', runId, usage, outcome: 'complete', output: word },
      { type: 'run.failed', runId, usage, error },
      { type: 'run.cancelled', runId, usage, by: 'p' },
    ),
  );

/** Joins neighbouring deltas of one message where `joins` says so, and delivers some events again, as a reconnect may. */
function deliver(log: readonly AnyEvent[], joins: readonly boolean[], repeats: readonly number[]): AnyEvent[] {
  const delivered: AnyEvent[] = [];
  for (const [i, event] of log.entries()) {
    const last = delivered.at(-1);
    if (joins[i] && event.type === 'text.delta' && last?.type === 'text.delta' && last.messageId === event.messageId) {
      delivered[delivered.length - 1] = { ...event, firstSeq: last.firstSeq ?? last.seq, delta: last.delta + event.delta };
    } else delivered.push(event);
  }
  return delivered.flatMap((event, i) => [event, ...delivered.slice(Math.max(0, i - (repeats[i] ?? 0)), i + 1)]);
}

test('any split and merging into deliveries, repeats included, gives the same state', () => {
  fc.assert(
    fc.property(
      fc.array(anyDraft, { minLength: 1, maxLength: 60 }),
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
      fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }),
      (drafts, joins, repeats) => {
        const log = logOf(drafts);
        expect(reduceAll(deliver(log, joins, repeats))).toEqual(reduceAll(log));
      },
    ),
    { numRuns: 500 },
  );
});

test('a run from its message to its end', () => {
  const log = logOf(runEvents('r0', ['Hel', 'lo']));
  const running = reduceAll(log.slice(0, 4));
  expect(running).toMatchObject({ seq: 4, activeRunId: 'r0', runs: { r0: { status: 'running', agent: 'support', attempt: 1 } } });
  expect(running.messages.at(-1)).toMatchObject({ role: 'assistant', text: 'Hel', status: 'streaming' });
  const ended = reduceAll(log.slice(4), running);
  expect(ended).toMatchObject({ seq: 7, runs: { r0: { status: 'completed', outcome: 'complete', usage: { outputTokens: 2 } } } });
  expect(ended.activeRunId).toBeUndefined();
  expect(ended.messages.at(-1)).toMatchObject({ text: 'Hello', status: 'complete' });
});

test('a child run is not the active one, and its end leaves the active one active', () => {
  const state = reduceAll(
    logOf([
      { type: 'run.started', runId: 'root', agent: 'a', attempt: 1 },
      { type: 'run.started', runId: 'child', agent: 'a', attempt: 1, parentRunId: 'root', parentCallId: 'c' },
      { type: 'run.completed', runId: 'child', usage, outcome: 'complete' },
    ]),
  );
  expect(state.activeRunId).toBe('root');
  expect(state.runs.child).toMatchObject({ parentRunId: 'root', status: 'completed' });
});

test('an event that is in the state already leaves it as it is', () => {
  const log = logOf(runEvents('r0', ['a']));
  const state = reduceAll(log);
  for (const event of log) expect(reduceThread(state, event)).toBe(state);
});

test.each([
  ['an event too late', { seq: 4 }],
  ['a merged event too late', { seq: 5, firstSeq: 4 }],
  ['a merged event that overlaps', { seq: 5, firstSeq: 2 }],
])('%s throws CURSOR_GAP', (_, position) => {
  const state = reduceAll(logOf(runEvents('r0', [])).slice(0, 2));
  const event: AnyEvent = { type: 'text.delta', runId: 'r0', messageId: 'm', delta: 'x', at: 1, ...position };
  expect(() => reduceThread(state, event)).toThrow(expect.objectContaining({ code: 'CURSOR_GAP' }));
});

test('a snapshot starts anew, from the position it stands for', () => {
  const state = reduceAll(logOf([...runEvents('r0', ['a']), { type: 'data', runId: 'r0', name: 'n', data: 1 }]));
  const messages = [{ id: 'a', role: 'user', text: 'hi', status: 'complete', at: 1 }] as const;
  const snapshot: AnyEvent = { type: 'thread.snapshot', seq: 3, at: 1, messages, earlier: true, activeRunId: 'r9' };
  expect(reduceThread(state, snapshot)).toEqual({
    seq: 3,
    messages,
    earlier: true,
    activeRunId: 'r9',
    runs: { r9: { id: 'r9', status: 'running', children: [], messages: [], remarks: [] } },
    data: {},
  });
  const { activeRunId: _, ...idle } = snapshot;
  expect(reduceThread(state, idle)).toEqual({ seq: 3, messages, earlier: true, runs: {}, data: {} });
});

test('what an event does not change keeps its identity', () => {
  const before = reduceAll(logOf(runEvents('r0', ['a'])));
  const after = reduceThread(before, { type: 'data', runId: 'r0', name: 'n', data: 1, seq: before.seq + 1, at: 1 });
  expect(after.messages).toBe(before.messages);
  expect(after.runs.r0?.messages).toBe(before.runs.r0?.messages);
  expect(after.data).toEqual({ n: 1 });

  const streaming = reduceAll(logOf(runEvents('r0', ['a'])).slice(0, 3));
  const more = reduceThread(streaming, { type: 'text.delta', runId: 'r0', messageId: 'a-r0', delta: 'b', seq: 4, at: 1 });
  expect(more.runs).toBe(streaming.runs);
  expect(more.data).toBe(streaming.data);
  expect(more.messages[0]).toBe(streaming.messages[0]);
  expect(more.messages[1]).not.toBe(streaming.messages[1]);
});

test('an event of a newer server changes nothing but the position', () => {
  const state = reduceAll(logOf(runEvents('r0', ['a'])));
  const event = { type: 'run.dreamt', runId: 'r0', seq: state.seq + 1, at: 1 } as unknown as AnyEvent;
  expect(reduceThread(state, event)).toEqual({ ...state, seq: state.seq + 1 });
});

test('child runs hang under their parent, and what they say is with them', () => {
  const log = logOf([
    { type: 'message.received', runId: 'r0', messageId: 'u', agent: 'boss', text: 'go', principalId: 'p' },
    { type: 'run.started', runId: 'r0', agent: 'boss', attempt: 1 },
    { type: 'message.started', runId: 'r0', messageId: 'm', agent: 'boss', step: 1 },
    { type: 'message.completed', runId: 'r0', messageId: 'm', text: '', finish: 'tool_calls' },
    { type: 'tool.called', runId: 'r0', callId: 'c', tool: 'ask', input: { task: 't' }, messageId: 'm', waitsFor: 'agent' },
    { type: 'run.queued', runId: 'r1', agent: 'helper', place: 1, parentRunId: 'r0', parentCallId: 'c' },
    { type: 'run.waiting', runId: 'r0', callIds: ['c'] },
    { type: 'run.started', runId: 'r1', agent: 'helper', attempt: 1, parentRunId: 'r0', parentCallId: 'c', task: 't' },
    { type: 'message.started', runId: 'r1', messageId: 'm1', agent: 'helper', step: 1, parentRunId: 'r0' },
    { type: 'text.delta', runId: 'r1', messageId: 'm1', delta: 'found' },
  ]);
  const state = reduceAll(log);
  expect(state.messages.map(({ id }) => id)).toEqual(['u', 'm']);
  expect(state.activeRunId).toBe('r0');
  expect(state.runs.r0).toMatchObject({ status: 'waiting', waitingFor: ['c'], children: ['r1'] });
  expect(state.runs.r1).toMatchObject({ parentRunId: 'r0', parentCallId: 'c', task: 't', messages: [{ id: 'm1', text: 'found' }] });
  const child = state.runs.r1?.messages ?? [];
  const snapshot: AnyEvent = {
    type: 'thread.snapshot',
    seq: 10,
    at: 1,
    messages: [...state.messages, ...child],
    activeRunId: 'r0',
    earlier: false,
  };
  const anew = reduceThread(state, snapshot);
  expect(anew.messages).toEqual(state.messages);
  expect(anew.runs.r1?.messages).toEqual(child);
  expect(anew.runs.r0?.children).toEqual(['r1']);
  const told: AnyEvent = {
    ...snapshot,
    runs: [
      { id: 'r0', agent: 'boss', status: 'waiting', attempt: 1, currentAgent: 'chief' },
      { id: 'r1', agent: 'helper', status: 'running', attempt: 2, parentRunId: 'r0', parentCallId: 'c' },
    ],
  };
  const { runs } = reduceThread(state, told);
  expect(runs.r0).toMatchObject({ status: 'waiting', waitingFor: ['c'], agent: 'boss', currentAgent: 'chief', children: ['r1'] });
  expect(runs.r1).toMatchObject({ status: 'running', attempt: 2, agent: 'helper', parentRunId: 'r0', parentCallId: 'c', messages: child });
});
