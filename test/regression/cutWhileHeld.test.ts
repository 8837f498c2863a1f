import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { OutputGuard } from '../../src/agents/guard.ts';
import type { Model } from '../../src/agents/model.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog, gate } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const cut = (): VerbatimError => new VerbatimError('MODEL_UNAVAILABLE', 'The model broke off.', { retryable: true });

/** Breaks off after `first`, and says `second` when it is asked again. */
function cutModel(first: string, second: string): Model & { readonly asked: () => number } {
  let asked = 0;
  return {
    name: 'cut',
    asked: () => asked,
    async *stream() {
      asked++;
      yield { type: 'text', delta: asked === 1 ? first : second };
      if (asked === 1) throw cut();
      yield { type: 'finish', finish: 'stop', toolCalls: [] };
    },
  };
}

// What had been said was in the guard's hands, and did not count as said.
test('an answer that breaks off while a guard holds all of it is made again', async () => {
  const model = cutModel('{"a": "he', 'All is well.');
  const holding: OutputGuard = { name: 'holding', mode: 'hold', check: () => ({ verdict: 'pass' }) };
  const bot = defineAgent({ description: '', model, onStreamCut: 'regenerate', guards: { output: [holding] } });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'All is well.' });
  expect(model.asked()).toBe(2);
  const events = await eventsOf(run);
  expectSoundLog(events);
  expect(events).toContainEqual(expect.objectContaining({ type: 'message.discarded', reason: 'stream_cut' }));
});

test('a sentence that a guard lets through after its answer broke off is not delivered', async () => {
  const held = gate();
  const asked = gate();
  const model = cutModel('The first. ', 'The second.');
  const slow: OutputGuard = {
    name: 'slow',
    mode: 'hold',
    check: async ({ text }) => {
      if (text.includes('first')) {
        asked.open();
        await held.opened;
      } else held.open();
      return { verdict: 'pass' };
    },
  };
  const bot = defineAgent({ description: '', model, onStreamCut: 'regenerate', guards: { output: [slow] } });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'The second.' });
  const events = await eventsOf(run);
  expectSoundLog(events);
  const discarded = events.findIndex((event) => event.type === 'message.discarded');
  const message = events[discarded];
  const after = events
    .slice(discarded + 1)
    .filter((event) => 'messageId' in event && message !== undefined && 'messageId' in message && event.messageId === message.messageId);
  expect(after).toEqual([]);
});

// Its last words were withdrawn before a tripwire had seen them, and stayed in the rows.
test('a tripwire looks at all that was delivered of an answer that broke off, before another is made', async () => {
  const model = cutModel('The password is hunter2', 'All is well.');
  const tripwire: OutputGuard = { name: 'secrets', check: ({ text }) => ({ verdict: text.includes('hunter2') ? 'block' : 'pass' }) };
  const bot = defineAgent({ description: '', model, onStreamCut: 'regenerate', guards: { output: [tripwire] } });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
  expect(model.asked()).toBe(1);
  const events = await eventsOf(server.client().run(run.id));
  expectSoundLog(events);
  expect(JSON.stringify(events)).not.toContain('hunter2');
});
