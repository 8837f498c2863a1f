import './page.ts';
import { act, renderHook } from '@testing-library/react';
import { createElement, type ReactNode } from 'react';
import { expect, test } from 'vitest';
import { defineAgent, type InferApi } from '../../src/index.ts';
import { useThread, VerbatimProvider } from '../../src/react/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { afterTest } from '../support/afterTest.ts';
import { closedGate } from '../testing/gate.ts';
import { eventually, showThread, startServer } from './scene.ts';

test('several agents are asked at once: the message is shown as one that goes to all of them', async () => {
  const gate = closedGate();
  const agents = {
    facts: defineAgent({ description: 'knows', model: scriptedModel([{ text: 'At 100 degrees', until: gate.opened }]) }),
    critic: defineAgent({ description: 'doubts', model: scriptedModel([{ text: 'At sea level' }]) }),
  };
  const server = await createTestServer({ agents });
  afterTest(() => server[Symbol.asyncDispose]());
  type Two = InferApi<typeof agents>;
  const client = server.client<Two>();
  const wrapper = ({ children }: { readonly children: ReactNode }) => createElement(VerbatimProvider<Two>, { client }, children);
  const { result } = renderHook(() => useThread<Two>({ agent: 'facts' }), { wrapper });
  act(() => void result.current.send({ agents: ['facts', 'critic'], text: 'When does it boil?' }));
  expect(result.current.messages).toMatchObject([{ pending: 'sending', agent: 'facts+critic', text: 'When does it boil?' }]);
  const [{ key } = { key: '' }] = result.current.messages;
  const children = () => Object.values(result.current.runs).filter((run) => run.parentRunId !== undefined);
  await eventually(() => expect(children().map(({ status }) => status)).toContain('completed'));
  expect(result.current).toMatchObject({ status: 'waiting', messages: [{ key, agent: 'facts+critic' }] });
  gate.open();
  await eventually(() => expect(result.current.status).toBe('idle'));
  expect(
    children()
      .flatMap(({ messages }) => messages.map(({ agent, text }) => `${agent}: ${text}`))
      .sort(),
  ).toEqual(['critic: At sea level', 'facts: At 100 degrees']);
});

test('whoever comes later sees that a run waits, and for what', async () => {
  const server = await startServer([{ toolCalls: [{ name: 'pay', input: { amount: 3 } }] }, { text: 'Paid' }]);
  const first = showThread(server.client());
  act(() => void first.now.send('Pay'));
  await eventually(() => expect(first.now.status).toBe('waiting'));
  const later = showThread(server.client(), { threadId: first.now.threadId });
  await eventually(() => expect(later.now.status).not.toBe('loading'));
  expect(later.now).toMatchObject({ status: 'waiting', activeRun: { agent: 'helper', attempt: 1 } });
  expect(later.now.activeRun?.waitingFor).toEqual(first.now.activeRun?.waitingFor);
  expect(later.shown.map(({ status }) => status)).not.toContain('running');
});

test('whoever comes later sees that the last answer failed, and why, and can ask again', async () => {
  const server = await startServer([{ error: { code: 'MODEL_REFUSED', message: 'No such model', retryable: false } }, { text: 'Here' }]);
  const first = showThread(server.client());
  act(() => void first.now.send('Hello'));
  await eventually(() => expect(Object.values(first.now.runs)).toMatchObject([{ status: 'failed' }]));
  const later = showThread(server.client(), { threadId: first.now.threadId });
  await eventually(() => expect(later.now.status).toBe('idle'));
  const [failed] = Object.values(first.now.runs);
  expect(Object.values(later.now.runs)).toMatchObject([{ id: failed?.id, status: 'failed', agent: 'helper', error: failed?.error }]);
  act(() => void later.now.retry());
  await eventually(() => expect(later.now.messages.at(-1)).toMatchObject({ text: 'Here', status: 'complete' }));
});
