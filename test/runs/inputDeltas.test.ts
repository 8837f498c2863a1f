import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type Model } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog } from './runSupport.ts';

checkLeaks();

const look = defineTool({ name: 'look', description: '', input: z.object({ at: z.string() }), output: z.string(), execute: () => 'seen' });

/** Writes the arguments of two calls piece by piece, then answers. */
function writingModel(): Model {
  let calls = 0;
  return {
    name: 'writing',
    async *stream() {
      if (calls++ > 0) {
        yield { type: 'text', delta: 'ok' };
        yield { type: 'finish', finish: 'stop', toolCalls: [] };
        return;
      }
      for (const delta of ['{"at":', '"door', '"}']) {
        yield { type: 'tool_input', index: 0, tool: 'look', delta };
        yield { type: 'tool_input', index: 1, tool: 'look', delta };
      }
      const call = { tool: 'look', arguments: '{"at":"door"}' };
      yield { type: 'finish', finish: 'tool_calls', toolCalls: [call, call] };
    },
  };
}

test('arguments are delivered as they are written, to readers that ask for them, under the ids of the calls', async () => {
  const bot = defineAgent({ description: '', model: writingModel(), tools: [look] });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await run.result();
  const events = await eventsOf(run.events({ include: ['tool.input.delta'] }));
  const written = new Map<string, string>();
  for (const event of events)
    if (event.type === 'tool.input.delta') written.set(event.callId, (written.get(event.callId) ?? '') + event.delta);
  const called = events.flatMap((event) => (event.type === 'tool.called' ? [event.callId] : []));
  expect([...written]).toEqual(called.map((callId) => [callId, '{"at":"door"}']));
  const firstCall = events.findIndex((event) => event.type === 'tool.called');
  expect(events.findLastIndex((event) => event.type === 'tool.input.delta')).toBeLessThan(firstCall);
  expectSoundLog(events);
});

test('readers that do not ask get none of them, and no gap', async () => {
  const bot = defineAgent({ description: '', model: writingModel(), tools: [look] });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const events = await eventsOf(run);
  expect(events.some((event) => event.type === 'tool.input.delta')).toBe(false);
  let previous = run.receipt.seq;
  for (const event of events) {
    expect(event.firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
  }
  const all: number[] = [];
  for await (const event of client.thread(run.threadId).watch({ include: ['tool.input.delta'] })) {
    all.push(event.seq);
    if (event.type === 'run.completed') break;
  }
  expect(all.length).toBeGreaterThan(events.length);
});
