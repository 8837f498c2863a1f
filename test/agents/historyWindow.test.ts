import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTranscript } from '../../src/agents/compileTranscript.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { History } from '../../src/agents/history.ts';
import { longestEnd, splitHistory, within } from '../../src/agents/historyWindow.ts';
import { TokenCounter } from '../../src/agents/tokenCounter.ts';
import type { AssistantMessage, Message, UserMessage } from '../../src/protocol/message.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { expectValidRequest } from '../runs/runSupport.ts';

const user = (id: string, runId: string, text = id): UserMessage => ({ id, role: 'user', runId, text, status: 'complete', at: 0 });
const assistant = (id: string, runId: string, change: Partial<AssistantMessage> = {}): AssistantMessage => ({
  id,
  role: 'assistant',
  runId,
  text: id,
  status: 'complete',
  toolCalls: [],
  at: 0,
  ...change,
});
const call = { callId: 'c', tool: 'look', input: {}, status: 'completed', output: 'seen' } as const;
const idsOf = (messages: readonly Message[]): string[] => messages.map((message) => message.id);

const TRANSCRIPT: readonly Message[] = [
  user('u1', 'r1'),
  assistant('a1', 'r1'),
  user('u2', 'r2'),
  assistant('t2', 'r2', { text: '', toolCalls: [call] }),
  assistant('a2', 'r2'),
  user('u3', 'r3'),
  assistant('t3', 'r3', { toolCalls: [call] }),
];

test('a run’s own messages are its message and what came of it', () => {
  const { before, current } = splitHistory(TRANSCRIPT, 'r3');
  expect(idsOf(before)).toEqual(['u1', 'a1', 'u2', 't2', 'a2']);
  expect(idsOf(current)).toEqual(['u3', 't3']);
});

test('what a model is sent nothing of does not count', () => {
  const noise: Message[] = [
    assistant('gone', 'r0', { status: 'discarded', text: '' }),
    assistant('empty', 'r0', { text: ' ' }),
    { ...user('waits', 'r4'), status: 'queued' },
  ];
  const { before, current } = splitHistory([...noise, ...TRANSCRIPT, ...noise], 'r3');
  expect(idsOf([...before, ...current])).toEqual(idsOf(TRANSCRIPT));
});

test('the message that is answered belongs to the run, though another run brought it', () => {
  const { current } = splitHistory([user('u1', 'r1'), assistant('a1', 'r1'), user('u2', 'parent'), assistant('a2', 'child')], 'child');
  expect(idsOf(current)).toEqual(['u2', 'a2']);
  expect(idsOf(splitHistory([user('u1', 'r1'), assistant('a1', 'r1'), user('u2', 'parent')], 'child').current)).toEqual(['u2']);
});

test.each<[number, string[]]>([
  [0, []],
  [1, []],
  [2, []],
  [3, ['u2', 't2', 'a2']],
  [4, ['u2', 't2', 'a2']],
  [5, ['u1', 'a1', 'u2', 't2', 'a2']],
  [100, ['u1', 'a1', 'u2', 't2', 'a2']],
])('the last %i messages begin with a message of the user', async (last, expected) => {
  const { before } = splitHistory(TRANSCRIPT, 'r3');
  expect(
    idsOf(
      await longestEnd(
        before,
        within(last, () => 1),
      ),
    ),
  ).toEqual(expected);
});

const message: fc.Arbitrary<Message> = fc
  .record({
    id: fc.uuid(),
    run: fc.integer({ min: 1, max: 6 }),
    role: fc.constantFrom('user', 'assistant'),
    text: fc.constantFrom('', 'a', 'ab c'),
    calls: fc.nat(2),
    gone: fc.boolean(),
  })
  .map(({ id, run, role, text, calls, gone }) =>
    role === 'user'
      ? user(id, `r${run}`, 'hi')
      : assistant(id, `r${run}`, {
          text,
          status: gone ? 'discarded' : 'complete',
          toolCalls: Array.from({ length: calls }, (_, index) => ({ ...call, callId: `${id}${index}` })),
        }),
  );

test('however it is cut, it is an end of the transcript, a valid request, and has all of the run', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 20 }), fc.nat(25), async (messages, budget) => {
      const { before, current } = splitHistory(messages, 'r6');
      const kept = await longestEnd(
        before,
        within(budget, () => 1),
      );
      expect(kept.length).toBeLessThanOrEqual(budget);
      expect(idsOf(before).slice(before.length - kept.length)).toEqual(idsOf(kept));
      expect(kept[0]?.role ?? 'user').toBe('user');
      expectValidRequest(compileTranscript([...kept, ...current]));
      // A longer end that begins with the user would not have fitted.
      const longer = before.slice(0, before.length - kept.length).findLastIndex((candidate) => candidate.role === 'user');
      if (longer !== -1) expect(before.length - longer).toBeGreaterThan(budget);
      const own = messages.filter((candidate) => candidate.runId === 'r6' && compileTranscript([candidate]).length > 0);
      for (const each of own) expect(current).toContain(each);
    }),
    { numRuns: 300 },
  );
});

describe('tokens', () => {
  test('are those of gpt-4o, and a few for each turn', async () => {
    const counter = new TokenCounter();
    expect(await counter.tokensOfText('The quick brown fox jumps over the lazy dog.')).toBe(10);
    const spoken = await counter.tokensOf(user('u', 'r', 'The quick brown fox jumps over the lazy dog.'));
    expect(spoken).toBeGreaterThan(10);
    expect(spoken).toBeLessThan(20);
  });

  test('of tools count what they were given and what they gave back', async () => {
    const counter = new TokenCounter();
    const output = 'word '.repeat(500);
    const plain = await counter.tokensOf(assistant('a', 'r', { toolCalls: [call] }));
    expect(await counter.tokensOf(assistant('b', 'r', { toolCalls: [{ ...call, output }] }))).toBeGreaterThan(plain + 400);
  });

  test('of a text that looks like the end of all texts are counted like others', async () => {
    expect(await new TokenCounter().tokensOfText('<|endoftext|>')).toBeGreaterThan(1);
  });

  test('of a long text without a space are counted in time, and others get their turns', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await new TokenCounter().tokensOfText('a'.repeat(4 * 1024 * 1024));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

test.each<[string, History]>([
  ['last', { last: -1 }],
  ['last', { last: 1.5 }],
  ['maxTokens', { maxTokens: 0 }],
  ['summarize.maxTokens', { summarize: { model: scriptedModel([]), maxTokens: Number.NaN } }],
  ['summarize.keepTokens', { summarize: { model: scriptedModel([]), maxTokens: 100, keepTokens: 100 } }],
])('a %s that cannot work is refused at once', (name, history) => {
  expect(() => defineAgent({ description: '', model: scriptedModel([]), history })).toThrow(`history.${name}`);
});
