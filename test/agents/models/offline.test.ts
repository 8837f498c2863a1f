import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ModelRequest } from '../../../src/agents/model.ts';
import { offline } from '../../../src/agents/models/offline.ts';
import { callModel, failureOf, HELLO } from './callModel.ts';

beforeEach(() => void vi.stubEnv('VERBATIM_OFFLINE_TPS', '0'));
afterEach(() => vi.unstubAllEnvs());

function ask(text: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return { ...HELLO, messages: [{ role: 'user', text }], ...more };
}

it('counts, one number a token, joined by single spaces', async () => {
  const { text, chunks, end } = await callModel(offline(), ask('Please COUNT  to 12.'));
  expect(text).toBe('1 2 3 4 5 6 7 8 9 10 11 12');
  expect(chunks).toHaveLength(13);
  expect(chunks.slice(0, 2)).toEqual([
    { type: 'text', delta: '1' },
    { type: 'text', delta: ' 2' },
  ]);
  expect(end).toEqual({ type: 'finish', finish: 'stop', toolCalls: [], usage: { inputTokens: 5, outputTokens: 12, estimated: true } });
});

it('answers the last message of the user', async () => {
  const messages = [
    { role: 'user', text: 'count to 5' },
    { role: 'assistant', text: '1 2 3 4 5', toolCalls: [] },
    { role: 'user', text: 'count to 2' },
    { role: 'assistant', text: '', toolCalls: [{ callId: 'c', tool: 't', input: {} }] },
    { role: 'tool', callId: 'c', tool: 't', output: 'count to 9', isError: false },
  ] as const;
  expect((await callModel(offline(), { ...HELLO, messages })).text).toBe('1 2');
});

it('counts to 1,000,000 and no further', async () => {
  const { end } = await callModel(offline(), ask('count to 1,000,000'));
  expect(end.usage?.outputTokens).toBe(1_000_000);
  expect((await callModel(offline(), ask('count to 1000001'))).text).toBe('I count from 1 to at most 1,000,000.');
  expect((await callModel(offline(), ask('count to 0'))).text).toBe('I count from 1 to at most 1,000,000.');
});

it('says to anything else what it is, with the question, and always the same', async () => {
  const request = ask(`What is\n a discount to 5 people? ${'long '.repeat(100)}`);
  const { text } = await callModel(offline(), request);
  expect(text).toContain('Verbatim');
  expect(text).toContain('You asked: "What is a discount to 5 people? long');
  expect(text.length).toBeLessThan(800);
  expect((await callModel(offline(), request)).text).toBe(text);
});

it('stops at the limit of tokens', async () => {
  const { text, end } = await callModel(offline(), ask('count to 10', { options: { maxOutputTokens: 3 } }));
  expect({ text, finish: end.finish }).toEqual({ text: '1 2 3', finish: 'length' });
});

it('speaks as fast as the environment says at the call, and does not drift', async () => {
  const model = offline();
  vi.stubEnv('VERBATIM_OFFLINE_TPS', '400');
  const startedAt = performance.now();
  await callModel(model, ask('count to 251'));
  // 250 gaps of 2.5 ms. Timers know whole milliseconds: waits that add up would take 3 ms each.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(624);
  expect(performance.now() - startedAt).toBeLessThan(720);
});

it('speaks 30 tokens a second by default', async () => {
  vi.stubEnv('VERBATIM_OFFLINE_TPS', '');
  const startedAt = performance.now();
  await callModel(offline(), ask('count to 7'));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(199);
  expect(performance.now() - startedAt).toBeLessThan(400);
});

it('refuses a speed that is no number', async () => {
  for (const value of ['fast', '-1', 'Infinity']) {
    vi.stubEnv('VERBATIM_OFFLINE_TPS', value);
    await expect(callModel(offline())).rejects.toMatchObject({ code: 'MODEL_BAD_REQUEST' });
  }
});

it.each(['0', '1', '1000'])('can be aborted at %s tokens a second', async (tokensPerSecond) => {
  vi.stubEnv('VERBATIM_OFFLINE_TPS', tokensPerSecond);
  const reason = new Error('enough');
  const aborter = new AbortController();
  setTimeout(() => aborter.abort(reason), 20);
  const call = callModel(offline(), ask('count to 1000000'), aborter.signal);
  const startedAt = performance.now();
  await expect(call).rejects.toBe(reason);
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect((await failureOf(offline(), AbortSignal.abort(reason))).error).toBe(reason);
});
