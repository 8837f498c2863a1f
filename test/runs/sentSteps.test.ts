import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { compileTranscript } from '../../src/agents/compileTranscript.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { ModelRequest } from '../../src/agents/model.ts';
import type { SentStep } from '../../src/db/operations/sentStep.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, expectSoundLog, expectValidRequest, logOf, readSentSteps, serveFile } from './runSupport.ts';

checkLeaks();

const asSent = (step: SentStep): ModelRequest => ({
  instructions: step.instructions,
  messages: compileTranscript(step.messages),
  tools: JSON.parse(step.tools),
  options: step.options,
});

test('what was sent at each step can be compiled again, also after a crash, a steer and folding', async () => {
  const { tool } = countingTool('look');
  const never = new Promise<void>(() => {});
  const model = scriptedModel([
    { text: 'looking', toolCalls: [{ name: 'look', input: { n: 1 } }, { name: 'nothing' }] },
    { text: 'unfinished', until: never },
    { text: 'found' },
    { text: 'again' },
  ]);
  const bot = defineAgent({
    description: '',
    model,
    tools: [tool],
    contextInput: z.object({ name: z.string() }),
    instructions: ({ context, runId }) => `Help ${context.name} in ${runId}.`,
    temperature: 0.5,
  });
  const { server, database } = await serveFile({ agents: { bot }, models: { bot: model } });
  await using _ = server;
  const client = server.client<{ bot: { tools: Record<never, never>; data: Record<never, never>; context: { name: string } } }>();
  const first = await client.send({ agent: 'bot', text: 'look', context: { name: 'Ann' } });
  await vi.waitFor(() => expect(model.requests).toHaveLength(2));
  await server.crash();
  expect(await first.text()).toBe('found');
  const second = await client.send({
    agent: 'bot',
    text: 'and again',
    threadId: first.threadId,
    context: { name: 'Bob' },
    options: { maxOutputTokens: 10 },
  });
  await second.result();
  expectSoundLog(await logOf(client as never, first.threadId));
  const read = async () => [...(await readSentSteps(database, first.id)), ...(await readSentSteps(database, second.id))];
  expect((await read()).map(asSent)).toEqual(model.requests);
  expect(await server.fold({ olderThanDays: 0 })).toBe(1);
  const folded = await read();
  expect(folded.map(asSent)).toEqual(model.requests);
  expect(folded.map((step) => [step.number, step.attempt])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [1, 1],
  ]);
  expect(model.requests[0]?.instructions).toBe(`Help Ann in ${first.id}.`);
});

const stepArb: fc.Arbitrary<ScriptedStep> = fc.oneof(
  fc.record({ text: fc.string({ minLength: 0, maxLength: 12 }), chunks: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    text: fc.constantFrom('', ' ', 'let me see'),
    toolCalls: fc.array(
      fc.record({
        name: fc.constantFrom('good', 'bad', 'missing'),
        arguments: fc.constantFrom('{}', '{"n":1}', '{"n":"x"}', 'no json', '', '[]', 'null'),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({ text: fc.constantFrom('', 'partly'), error: fc.constant('broken') }),
  fc.record({ text: fc.constantFrom('', 'endless'), until: fc.constant(new Promise<void>(() => {})) }),
);
const actArb = fc.constantFrom('queue', 'steer', 'interrupt', 'cancel', 'crash', 'restart');

test('any prefix of any log compiles to a request that providers accept, and what was sent was one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArb, { minLength: 1, maxLength: 6 }),
      fc.array(actArb, { minLength: 1, maxLength: 6 }),
      async (script, acts) => {
        const good = countingTool('good', undefined, { idempotent: true }).tool;
        const bad = countingTool('bad', () => Promise.reject(new Error('no'))).tool;
        const steps = [...script, ...Array.from({ length: 200 }, () => ({ text: 'the end' }))];
        const scripted = scriptedModel(steps);
        const model = { name: 'random', stream: scripted.stream };
        const agents = { bot: defineAgent({ description: '', model, tools: [good, bad] }) };
        await using server = await createTestServer({ agents });
        const client = server.client();
        const { threadId, id } = await client.send({ agent: 'bot', text: 'begin' });
        let newest = id;
        for (const act of acts) {
          if (act === 'crash') await server.crash();
          else if (act === 'restart') await server.restart();
          else if (act === 'cancel') await client.run(newest).cancel();
          else newest = (await client.send({ agent: 'bot', text: act, threadId, whenBusy: act })).receipt.runId;
        }
        // Whatever is stuck in an endless answer is cancelled, until the thread is at rest.
        await vi.waitFor(async () => {
          const { activeRunId } = await client.threads.get({ threadId });
          if (activeRunId !== undefined) await client.run(activeRunId).cancel();
          expect(activeRunId).toBeUndefined();
        }, 10_000);
        const log = await logOf(client, threadId);
        expectSoundLog(log);
        for (const request of scripted.requests) expectValidRequest(request.messages);
        // The log alone tells what the rows hold.
        const folded = log.reduce<readonly Message[]>((messages, event) => foldEvent(messages, event), []);
        const { items } = await client.threads.messages({ threadId, limit: 1_000 });
        const essence = (messages: readonly Message[]) =>
          messages.map((message) => [
            message.id,
            message.role,
            message.status,
            message.text,
            'toolCalls' in message && message.toolCalls.map((call) => call.status),
          ]);
        expect(essence(folded)).toEqual(essence(items));
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
}, 60_000);
