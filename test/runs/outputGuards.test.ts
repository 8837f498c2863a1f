import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { emptyThread, reduceThread } from '../../src/client/reducer.ts';
import type { InferApi } from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { agentWith, BLOCK, guardThat, PASS, verdictsOf } from './guardSupport.ts';
import { deltasOf, eventsOf, expectSoundLog, gate, logOf, serveFile, typesOf, until } from './runSupport.ts';

checkLeaks();

describe('hold', () => {
  test('delivers a sentence only when it passed, and holds the one that has no end yet', async () => {
    const passing = [gate(), gate()];
    const { guard, asked } = guardThat('holder', async () => passing[asked.length - 1]?.opened.then(() => PASS) ?? PASS, { mode: 'hold' });
    const { agents } = agentWith({ output: [guard] });
    const goOn = gate();
    const model = scriptedModel([{ chunks: ['One. T', 'wo. Th', 'ree'], until: goOn.opened }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'count' });
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(deltasOf(await logOf(client, run.threadId))).toBe('');
    passing[0]?.open();
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(deltasOf(await logOf(client, run.threadId))).toBe('One. ');
    passing[1]?.open();
    await vi.waitFor(async () => expect(deltasOf(await logOf(client, run.threadId))).toBe('One. Two. '));
    goOn.open();
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'One. Two. Three' });
    expect(asked).toMatchObject([
      { stage: 'output', part: 'text', text: 'One. ', before: '', asked: 'count' },
      { text: 'Two. ', before: 'One. ' },
      { text: 'Three', before: 'One. Two. ' },
    ]);
    const log = await logOf(client, run.threadId);
    expect(verdictsOf(log)).toEqual(['holder pass']);
    expectSoundLog(log);
  });

  test('a rewrite takes the place of the sentence, for readers, for the record, and for models', async () => {
    const { guard } = guardThat('mask', ({ text }) => ({ verdict: 'rewrite', text: text.replace(/\d+/, '#') }), { mode: 'hold' });
    const { guard: drop } = guardThat('drop', ({ text }) => (text.startsWith('Bye') ? { verdict: 'rewrite', text: '' } : PASS), {
      mode: 'hold',
    });
    const { agents } = agentWith({ output: [guard, drop] });
    const model = scriptedModel([{ text: 'It is 42. Bye now. Or 43!', chunks: 6 }, { text: 'ok' }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    const events = await eventsOf(run);
    expect(await run.text()).toBe('It is #. Or #!');
    expect(deltasOf(events)).toBe('It is #. Or #!');
    expect(verdictsOf(events)).toEqual(['mask rewrite', 'drop rewrite']);
    await (await client.send({ agent: 'assistant', text: 'y', threadId: run.threadId })).result();
    expect(model.requests[1]?.messages[1]).toMatchObject({ role: 'assistant', text: 'It is #. Or #!' });
    expect(JSON.stringify(await logOf(client, run.threadId))).not.toMatch(/is 42|Bye|Or 43/);
  });

  test('a block ends the run without a word of the sentence, and no tool is called', async () => {
    const { guard } = guardThat('wall', ({ text }) => (text.includes('secret') ? BLOCK : PASS), { mode: 'hold' });
    const { agents, counted } = agentWith({ output: [guard] }, ['act']);
    const model = scriptedModel([{ text: 'Fine. The secret. More.', chunks: 5, toolCalls: [{ name: 'act', input: {} }] }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    const events = await eventsOf(run);
    expect(JSON.stringify(events)).not.toContain('The secret');
    expect(typesOf(events).slice(-3)).toEqual(['guard.verdict', 'message.discarded', 'run.failed']);
    expect(await run.result()).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(counted[0]?.calls).toEqual([]);
  });

  test('reasoning is held too, and keeps its place before the text', async () => {
    const { guard, asked } = guardThat('mask', ({ text }) => ({ verdict: 'rewrite', text: text.replace('4711', '#') }), { mode: 'hold' });
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ reasoning: 'The pin is 4711', text: 'Done' }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    const events = await eventsOf(run);
    expect(typesOf(events)).toContain('reasoning.delta');
    expect(JSON.stringify(events)).not.toContain('4711');
    expect(events.findIndex(({ type }) => type === 'reasoning.delta')).toBeLessThan(events.findIndex(({ type }) => type === 'text.delta'));
    expect(asked.map(({ part, text }) => [part, text])).toEqual([
      ['reasoning', 'The pin is 4711'],
      ['text', 'Done'],
    ]);
  });

  test('text without sentences is held up to maxHeldBytes, and looked at when there is one byte more', async () => {
    const { guard, asked } = guardThat('holder', () => PASS, { mode: 'hold' });
    const { agents } = agentWith({ output: [guard] });
    const [held, goOn] = [gate(), gate()];
    const full = `{"words":"${'é'.repeat(27)}`;
    expect(Buffer.byteLength(full)).toBe(64);
    const model = scriptedModel([
      { text: full, until: held.opened },
      { chunks: [full, '\u{1F600}'], until: goOn.opened },
    ]);
    const limits = { maxHeldBytes: 64 };
    await using server = await createTestServer({ agents, models: { assistant: model }, limits });
    const client = server.client<InferApi<typeof agents>>();
    const atLimit = await client.send({ agent: 'assistant', text: 'x' });
    await vi.waitFor(() => expect(model.requests).toHaveLength(1));
    expect(asked).toHaveLength(0);
    held.open();
    expect(await atLimit.text()).toBe(full);
    asked.length = 0;
    const beyond = await client.send({ agent: 'assistant', text: 'x' });
    await vi.waitFor(() => expect(asked.map(({ text }) => text)).toEqual([`${full}\u{1F600}`]));
    goOn.open();
    expect(await beyond.text()).toBe(`${full}\u{1F600}`);
  });

  test('a model that is faster than its guard waits for it, and what piled up is looked at together', async () => {
    const passing = gate();
    const { guard, asked } = guardThat('slow', () => passing.opened.then(() => PASS), { mode: 'hold' });
    const { agents } = agentWith({ output: [guard] });
    const sentences = Array.from({ length: 40 }, (_, n) => `Sentence number ${n}. `);
    let pulled = 0;
    const model = {
      name: 'fast',
      async *stream() {
        for (const delta of sentences) {
          pulled++;
          yield { type: 'text' as const, delta };
        }
        yield { type: 'finish' as const, finish: 'stop' as const, toolCalls: [] };
      },
    };
    await using server = await createTestServer({ agents, models: { assistant: model }, limits: { maxHeldBytes: 200 } });
    const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
    await vi.waitFor(() => expect(pulled).toBeGreaterThan(5));
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBeLessThan(15);
    passing.open();
    expect(await run.text()).toBe(sentences.join(''));
    expect(asked.map(({ text }) => text).join('')).toBe(sentences.join(''));
    expect(asked.length).toBeLessThan(10);
  });
});

describe('tripwire', () => {
  const OFFENDING = 'the-very-secret-text';

  test('text streams; a hit withdraws the message for all readers, early and late, and from the file', async () => {
    const { guard, asked } = guardThat('wire', ({ text }) => (text.includes(OFFENDING) ? BLOCK : PASS));
    const { agents, counted } = agentWith({ output: [guard] }, ['act']);
    const trip = gate();
    const logged: unknown[] = [];
    const log = (details: unknown): unknown => logged.push(details);
    const model = scriptedModel([
      {
        reasoning: `I know ${OFFENDING}`,
        chunks: ['It is ', `${OFFENDING} `, 'so. '],
        until: trip.opened,
        toolCalls: [{ name: 'act', input: {} }],
      },
      { text: 'fresh start' },
    ]);
    const { server, database } = await serveFile({
      agents,
      models: { assistant: model },
      logger: { info: log, warn: log, error: log },
    });
    await using _ = server;
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    const early: AnyEvent[] = [];
    const reading = (async () => {
      for await (const event of run) early.push(event as AnyEvent);
    })();
    await vi.waitFor(() => expect(deltasOf(early)).toContain('so. '));
    trip.open();
    await reading;
    expect(await run.result()).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(early.reduce(reduceThread, emptyThread).messages).toMatchObject([{ role: 'user' }, { status: 'discarded', text: '' }]);
    expect(counted[0]?.calls).toEqual([]);
    // It looks at the end of the sentence, which is known only when the next one begins or the answer ends.
    expect(asked.map(({ part }) => part).sort()).toEqual(['reasoning', 'text']);

    const seq = early.find(({ type }) => type === 'message.discarded')?.seq ?? 0;
    const late = await logOf(client, run.threadId);
    const ofRun = await eventsOf(client.run(run.id));
    const snapshot: AnyEvent[] = [];
    for await (const event of client.thread(run.threadId).watch({ snapshot: true } as object)) {
      snapshot.push(event as AnyEvent);
      break;
    }
    const { items } = await client.threads.messages({ threadId: run.threadId });
    const forks = await Promise.all([seq - 2, seq - 1, seq].map((atSeq) => client.threads.fork({ threadId: run.threadId, atSeq })));
    const forked = await Promise.all(forks.map(({ id }) => client.threads.messages({ threadId: id })));
    const again = await client.send({ agent: 'assistant', text: 'again', threadId: run.threadId });
    await again.result();
    for (const seen of [late, ofRun, snapshot, items, forked, model.requests[1], logged]) {
      expect(JSON.stringify(seen)).not.toContain(OFFENDING);
    }
    expect(late.map(({ type }) => type)).not.toContain('text.delta');
    expectSoundLog(await logOf(client, run.threadId));
    await server.restart();
    const files = [database, `${database}-wal`].map((file) => readFileSync(file).toString('latin1')).join();
    expect(files).toContain('fresh start');
    expect(files).not.toContain(OFFENDING);
  });

  test('looks at the growing text at the end of each sentence, and stops the model', async () => {
    const { guard, asked } = guardThat('wire', ({ text }) => (text.includes('secret') ? BLOCK : PASS));
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ chunks: ['One. ', 'A secret. ', 'T'], until: new Promise(() => {}) }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(asked.at(-1)?.text.startsWith('One. A secret. ')).toBe(true);
  });

  test('looks at an answer that broke off: what readers have of it may be what it guards', async () => {
    const { guard } = guardThat('wire', ({ text }) => (text.includes('secret') ? BLOCK : PASS));
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ text: 'a secret', error: 'broken' }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    expect(await run.result()).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(JSON.stringify(await logOf(client, run.threadId))).not.toContain('secret');
  });

  test('what has passed is told once, and a rewrite comes too late and blocks', async () => {
    const { guard } = guardThat('wire', ({ text }) => (text.includes('42') ? { verdict: 'rewrite', text: '#' } : PASS));
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ text: 'One. Two. Three.', chunks: 3 }, { text: 'It is 42.' }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'One. Two. Three.' });
    const late = await client.send({ agent: 'assistant', text: 'y', threadId: run.threadId });
    expect(await late.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(verdictsOf(await logOf(client, run.threadId))).toEqual(['wire pass', 'wire block']);
  });

  test('a run that a crash hits between the withdrawal and its end is not answered again', async () => {
    const { guard } = guardThat('wire', () => BLOCK);
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ text: 'a secret' }]);
    await using server = await createTestServer({ agents, models: { assistant: model } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    await until(run, 'message.discarded');
    await server.crash();
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(model.requests).toHaveLength(1);
  });
});

test('the whole of a guarded answer counts, with what its guards used', async () => {
  const { guard } = guardThat('paid', () => ({ ...PASS, usage: { inputTokens: 10, outputTokens: 1 } }), { mode: 'hold' });
  const { agents } = agentWith({ output: [guard] });
  const model = scriptedModel([{ text: 'One. Two.', chunks: 9, usage: { inputTokens: 3, outputTokens: 4 } }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
  const { usage } = await run.result();
  expect(usage.inputTokens).toBeGreaterThanOrEqual(13);
  expect(usage.inputTokens % 10).toBe(3);
});
