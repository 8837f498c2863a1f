import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool } from '../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

interface Case {
  readonly does: string;
  readonly steps: readonly ScriptedStep[];
  /** What the run comes to. */
  readonly status: 'completed' | 'failed';
  readonly code?: string;
  /** Codes of the calls that failed, in order: what the model was told. */
  readonly told: readonly string[];
  /** Steps that are never asked for. */
  readonly left?: number;
}

const looks = (count: number, input: { n: number } = { n: 1 }) => ({
  toolCalls: Array.from({ length: count }, () => ({ name: 'look', input })),
});
const OK = { text: 'ok' };

const CASES: readonly Case[] = [
  { does: 'calls an unknown tool', steps: [{ toolCalls: [{ name: 'nope' }] }, OK], status: 'completed', told: ['TOOL_NOT_FOUND'] },
  {
    does: 'repeats the same failing call 50 times',
    steps: [...Array.from({ length: 50 }, () => ({ toolCalls: [{ name: 'nope', input: { a: 1 } }] })), OK],
    status: 'failed',
    code: 'REPEATED_FAILURE',
    told: Array.from({ length: 5 }, () => 'TOOL_NOT_FOUND'),
    left: 46,
  },
  {
    does: 'repeats the same call that works 50 times',
    steps: [...Array.from({ length: 50 }, () => looks(1)), OK],
    status: 'failed',
    code: 'STEP_LIMIT',
    told: [],
    left: 26,
  },
  {
    does: 'sends arguments that are not JSON',
    steps: [{ toolCalls: [{ name: 'look', arguments: '{"n":' }] }, OK],
    status: 'completed',
    told: ['TOOL_BAD_INPUT'],
  },
  {
    does: 'sends arguments of the wrong type',
    steps: [
      {
        toolCalls: [
          { name: 'look', arguments: '{"n":"one"}' },
          { name: 'look', arguments: '[1]' },
          { name: 'look', arguments: 'null' },
        ],
      },
      OK,
    ],
    status: 'completed',
    told: ['TOOL_BAD_INPUT', 'TOOL_BAD_INPUT', 'TOOL_BAD_INPUT'],
  },
  { does: 'asks for the same call twice in a step', steps: [looks(2), OK], status: 'completed', told: [] },
  { does: 'asks for 200 calls in a step', steps: [looks(200)], status: 'failed', code: 'MODEL_BAD_RESPONSE', told: [] },
  {
    does: 'hands over to nobody',
    steps: [{ toolCalls: [{ name: 'transfer_to_nobody' }] }, OK],
    status: 'completed',
    told: ['TOOL_NOT_FOUND'],
  },
  { does: 'says nothing at all', steps: [{ text: '' }], status: 'completed', told: [] },
];

const look = defineTool({ name: 'look', description: '', input: z.object({ n: z.number() }), output: z.string(), execute: () => 'seen' });

test.each(CASES)('a model that $does: a typed outcome, and the thread stays usable', async ({ steps, status, code, told, left = 0 }) => {
  const script = scriptedModel(steps);
  const next = scriptedModel([{ text: 'still here' }]);
  let calls = 0;
  const bot = defineAgent({
    description: '',
    model: () => ({ name: 'm', stream: (...args) => (calls++ < steps.length - left ? script : next).stream(...args) }),
    tools: [look],
  });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const result = await run.result();
  expect(result).toMatchObject({ status, ...(code !== undefined && { error: { code } }) });
  const log = await logOf(client, run.threadId);
  expectSoundLog(log);
  expect(log.flatMap((event) => (event.type === 'tool.failed' ? [event.error.code] : []))).toEqual(told);
  expect(await (await client.send({ agent: 'bot', text: 'and?', threadId: run.threadId })).text()).toBe('still here');
  expectSoundLog(await logOf(client, run.threadId));
});
