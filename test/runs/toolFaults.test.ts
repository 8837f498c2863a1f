import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, VerbatimError } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf } from './runSupport.ts';

checkLeaks();

const cause = new Error('no row in /srv/app/secret.db');

test.each<[code: string, execute: () => unknown, logged: unknown]>([
  [
    'TOOL_FAILED',
    () => {
      throw cause;
    },
    cause,
  ],
  ['TOOL_BAD_OUTPUT', () => 5, expect.objectContaining({ code: 'TOOL_BAD_OUTPUT' })],
])('%s is told to the operator with its cause, the run and the tool, and to clients as before', async (code, execute, logged) => {
  const tool = defineTool({ name: 'look', description: '', input: z.object({}), output: z.string(), execute: execute as () => string });
  const model = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'Sorry.' }]);
  const warn = vi.fn();
  const logger = { info() {}, warn, error() {} };
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model, tools: [tool] }) }, logger });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  const events = await eventsOf(run);
  expect(warn.mock.calls).toEqual([
    [
      expect.objectContaining({ err: logged, module: 'run', runId: run.id, threadId: run.threadId, step: 1, tool: 'look' }),
      'a tool failed',
    ],
  ]);
  expect(events).toContainEqual(expect.objectContaining({ type: 'tool.failed', error: expect.objectContaining({ code }) }));
  expect(JSON.stringify(events)).not.toContain('secret.db');
});

test('an error that a tool means for the model is no fault of the tool', async () => {
  const execute = (): string => {
    throw new VerbatimError('NOT_FOUND', 'There is no such order.');
  };
  const tool = defineTool({ name: 'look', description: '', input: z.object({}), output: z.string(), execute });
  const model = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'Sorry.' }]);
  const warn = vi.fn();
  const logger = { info() {}, warn, error() {} };
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model, tools: [tool] }) }, logger });
  await (await server.client().send({ agent: 'bot', text: 'go' })).result();
  expect(warn).not.toHaveBeenCalled();
});
