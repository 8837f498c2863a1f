import { expect, test } from 'vitest';
import { emptyThread, reduceThread } from '../../src/client/reducer.ts';
import type { AnyEvent, EventDraft } from '../../src/protocol/event.ts';

const usage = { inputTokens: 1, outputTokens: 1 };

function reduce(drafts: readonly EventDraft[]) {
  return drafts.map((draft, i) => ({ ...draft, seq: i + 1, at: 1_000 }) as AnyEvent).reduce(reduceThread, emptyThread);
}

const begun = (runId: string): EventDraft[] => [
  { type: 'message.received', runId, messageId: `u-${runId}`, agent: 'desk', text: 'hi', principalId: 'p' },
  { type: 'run.started', runId, agent: 'desk', attempt: 1 },
];
const said = (runId: string, messageId: string, step = 1): EventDraft[] => [
  { type: 'message.started', runId, messageId, agent: 'desk', step },
  { type: 'message.completed', runId, messageId, text: messageId, finish: 'stop' },
];
const places = (runs: ReturnType<typeof reduce>['runs'], runId = 'r') =>
  runs[runId]?.remarks.map(({ event, afterMessageId }) => `${event.type} after ${afterMessageId}`);

test('what happens beside the messages is with the run, after the message that it came after', () => {
  const { runs, messages } = reduce([
    ...begun('r'),
    { type: 'agent.routed', runId: 'r', to: 'support', reason: 'an order' },
    { type: 'guard.verdict', runId: 'r', messageId: 'u-r', guard: 'pii', stage: 'input', verdict: 'rewrite', reason: 'a number' },
    ...said('r', 'm1'),
    { type: 'agent.handoff', runId: 'r', from: 'support', to: 'billing' },
    { type: 'model.switched', runId: 'r', from: 'big', to: 'small', reason: 'busy' },
    ...said('r', 'm2', 2),
    { type: 'run.resumed', runId: 'r', attempt: 2, reason: 'crash' },
    { type: 'data', runId: 'r', name: 'place', data: { x: 1 } },
    { type: 'run.completed', runId: 'r', usage, outcome: 'complete' },
  ]);
  expect(places(runs)).toEqual([
    'agent.routed after u-r',
    'guard.verdict after u-r',
    'agent.handoff after m1',
    'model.switched after m1',
    'run.resumed after m2',
    'data after m2',
  ]);
  expect(runs.r?.currentAgent).toBe('billing');
  expect(messages.map(({ id }) => id)).toEqual(['u-r', 'm1', 'm2']);
});

test('what goes without saying is no remark', () => {
  const { runs } = reduce([
    ...begun('r'),
    { type: 'guard.verdict', runId: 'r', messageId: 'u-r', guard: 'pii', stage: 'input', verdict: 'pass' },
    { type: 'run.resumed', runId: 'r', attempt: 1, reason: 'answered' },
  ]);
  expect(places(runs)).toEqual([]);
});

test('a data part takes the place of an earlier one of its name, until another message is said', () => {
  const { runs } = reduce([
    ...begun('r'),
    { type: 'data', runId: 'r', name: 'progress', data: 1 },
    { type: 'data', runId: 'r', name: 'place', data: 'here' },
    { type: 'data', runId: 'r', name: 'progress', data: 2 },
    ...said('r', 'm1'),
    { type: 'data', runId: 'r', name: 'progress', data: 3 },
  ]);
  expect(runs.r?.remarks.map(({ event }) => (event.type === 'data' ? [event.name, event.data, event.seq] : event.type))).toEqual([
    ['progress', 2, 5],
    ['place', 'here', 4],
    ['progress', 3, 8],
  ]);
});

test('what is said about a message stays in its place when the message is withdrawn', () => {
  const { runs } = reduce([
    ...begun('r'),
    ...said('r', 'm1'),
    ...said('r', 'm2', 2),
    { type: 'guard.verdict', runId: 'r', messageId: 'm2', guard: 'tone', stage: 'output', verdict: 'block' },
    { type: 'message.discarded', runId: 'r', messageId: 'm2', reason: 'guardrail' },
    ...said('r', 'm3', 3),
  ]);
  expect(places(runs)).toEqual(['guard.verdict after m1']);
});

test('what happens in a child run is with the child, and what the provider carries out is told once', () => {
  const hosted = { type: 'tool.hosted', runId: 'child', messageId: 'm', id: 'h', tool: 'web_search', data: null } as const;
  const { runs } = reduce([
    ...begun('r'),
    { type: 'run.started', runId: 'child', agent: 'a', attempt: 1, parentRunId: 'r' },
    { type: 'data', runId: 'child', name: 'early', data: 1 },
    { type: 'message.started', runId: 'child', messageId: 'm', agent: 'a', step: 1, parentRunId: 'r' },
    { ...hosted, status: 'called' },
    { ...hosted, status: 'completed' },
  ]);
  expect(places(runs)).toEqual([]);
  expect(places(runs, 'child')).toEqual(['data after undefined', 'tool.hosted after m']);
  expect(runs.child?.remarks[1]?.event).toMatchObject({ status: 'completed' });
});
