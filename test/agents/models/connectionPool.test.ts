import { expect, it, vi } from 'vitest';
import { openai } from '../../../src/agents/models/openai.ts';
import { startModelServer } from '../../../src/testing/modelServer.ts';
import { callModel, failureOf } from './callModel.ts';

it('100 calls in a row open one connection', async () => {
  await using server = await startModelServer({ script: () => ({ text: 'one two three', chunks: 3 }) });
  const model = openai('test', { baseURL: server.url });
  for (let i = 0; i < 100; i++) await callModel(model);
  expect(server.requests).toHaveLength(100);
  expect(server.connections).toBe(1);
  await model.close?.();
});

it('models of one origin share their connections, until the last of them is closed', async () => {
  await using server = await startModelServer({ script: () => ({ text: 'a' }) });
  const first = openai('first', { baseURL: server.url });
  const second = openai('second', { baseURL: server.url, apiKey: 'other' });
  await callModel(first);
  await callModel(second);
  expect(server.connections).toBe(1);
  await first.close?.();
  await callModel(second);
  expect(server.connections).toBe(1);
  await second.close?.();
  await vi.waitFor(() => expect(server.openConnections).toBe(0));
});

it('a closed model may be closed again, and used again', async () => {
  await using server = await startModelServer({ script: () => ({ text: 'a' }) });
  const model = openai('test', { baseURL: server.url });
  await model.close?.();
  await callModel(model);
  await model.close?.();
  await model.close?.();
  expect((await callModel(model)).text).toBe('a');
  expect(server.connections).toBe(2);
  await model.close?.();
});

it('failed calls give their connection back', async () => {
  await using server = await startModelServer({ script: () => ({ quirks: { status: 503 } }) });
  const model = openai('test', { baseURL: server.url, maxRetries: 0 });
  for (let i = 0; i < 10; i++) await failureOf(model);
  expect(server.connections).toBe(1);
  await model.close?.();
});

it('closing a model ends the call that is going on in it', async () => {
  await using server = await startModelServer({ script: [{ text: 'a', quirks: { silentAfterChunks: 2 } }] });
  const model = openai('test', { baseURL: server.url });
  const call = failureOf(model);
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  await model.close?.();
  expect((await call).error).toMatchObject({ retryable: true });
  await vi.waitFor(() => expect(server.openConnections).toBe(0));
});
