import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool } from '../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

const CUT: ScriptedStep = { text: 'half an', error: { code: 'MODEL_STREAM_CUT', message: 'The stream broke off.' } };

async function ask(steps: readonly ScriptedStep[], onStreamCut: 'fail' | 'regenerate') {
  const done: string[] = [];
  const look = defineTool({
    name: 'look',
    description: '',
    input: z.object({}),
    output: z.string(),
    execute: (_, { callId }) => {
      done.push(callId);
      return 'seen';
    },
  });
  const bot = defineAgent({ description: '', model: scriptedModel([]), tools: [look], onStreamCut });
  const model = scriptedModel(steps);
  const server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  return { server, client, run, model, done };
}

describe('a stream that breaks off after text was delivered', () => {
  test('fails the run, and the text is kept, when nothing is said', async () => {
    const { server, run } = await ask([CUT], 'fail');
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'failed', text: 'half an', error: { code: 'MODEL_STREAM_CUT' } });
  });

  test('is withdrawn and asked for again, earlier calls kept, when that is wanted', async () => {
    const { server, client, run, done } = await ask([{ toolCalls: [{ name: 'look' }] }, CUT, { text: 'a whole answer' }], 'regenerate');
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'a whole answer' });
    expect(done).toHaveLength(1);
    const events = await eventsOf(client.run(run.id));
    expect(events.find((event) => event.type === 'message.discarded')).toMatchObject({ reason: 'stream_cut' });
    expect(events.find((event) => event.type === 'run.resumed')).toMatchObject({ attempt: 2, reason: 'stream_cut' });
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('counts towards maxAttempts', async () => {
    const { server, run } = await ask([CUT, CUT, CUT], 'regenerate');
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'failed', text: 'half an', error: { code: 'MODEL_STREAM_CUT' } });
    expect((await run.info()).attempt).toBe(3);
  });
});
