import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi, type Model } from '../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const agents = {
  clerk: defineAgent({
    description: 'Fills forms',
    instructions: 'Fill it.',
    model: scriptedModel([]),
    output: z.object({ name: z.string(), tags: z.array(z.string()) }),
  }),
};
type Api = InferApi<typeof agents>;
const GOOD = '{"name":"Ada","tags":["a","b"]}';

async function ask(steps: readonly ScriptedStep[], extra: Partial<Model> = {}) {
  const model = scriptedModel(steps);
  const server = await createTestServer({ agents, models: { clerk: { ...model, stream: model.stream, ...extra } } });
  const client = server.client<Api>();
  return { server, model, client, run: await client.send({ agent: 'clerk', text: 'Ada' }) };
}

describe('an answer of a declared shape', () => {
  test('is checked, and typed in the result', async () => {
    const { server, run, model } = await ask([{ text: GOOD }], { structuredOutput: true });
    await using _ = server;
    const result = await run.result();
    if (result.status !== 'completed') throw new Error(result.status);
    expect(result.output.tags).toEqual(['a', 'b']);
    expect(model.requests[0]).toMatchObject({ instructions: 'Fill it.', output: { schema: { required: ['name', 'tags'] } } });
  });

  test('is asked for in words where the provider does not hold to a schema, and found in a code block', async () => {
    const { server, run, model } = await ask([{ text: `Here:\n\`\`\`json\n${GOOD}\n\`\`\`` }]);
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'completed', output: { name: 'Ada' } });
    expect(model.requests[0]?.instructions).toContain('"required":["name","tags"]');
  });

  test('is repaired once, with what was wrong', async () => {
    const { server, run, model, client } = await ask([{ text: '{"name":1}' }, { text: GOOD }]);
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'completed', output: { name: 'Ada' }, text: GOOD });
    const note = model.requests[1]?.messages.at(-1);
    expect(note).toMatchObject({ role: 'user', text: expect.stringContaining('name') });
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('that does not fit after the repair fails the run with OUTPUT_INVALID; its text is kept', async () => {
    const { server, run } = await ask([{ text: 'no' }, { text: '{"name":"x"}' }]);
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_INVALID' }, text: '{"name":"x"}' });
  });

  test('is repaired once in all, also over a crash', async () => {
    const held = gate();
    const { server, run } = await ask([{ text: 'no' }, { text: 'ha', until: held.opened }, { text: 'again no' }]);
    await using _ = server;
    for await (const event of run) if (event.type === 'text.delta' && event.delta === 'ha') break;
    await server.crash();
    held.open();
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_INVALID' }, text: 'again no' });
  });

  test('is read while it streams, and whole at the end', async () => {
    const { server, run } = await ask([{ text: GOOD, chunks: ['{"na', 'me":"A', 'da","ta', 'gs":["a"', ',"b"]}'], delayMs: 20 }]);
    await using _ = server;
    const seen: unknown[] = [];
    for await (const part of run.partialOutput()) seen.push(structuredClone(part));
    expect(seen).toContainEqual({ name: 'A' });
    expect(seen).toContainEqual({ name: 'Ada', tags: ['a'] });
    expect(seen.at(-1)).toEqual({ name: 'Ada', tags: ['a', 'b'] });
    const types = new Set((await eventsOf(run)).map((event) => event.type));
    expect([...types].filter((type) => !/^(message|run|text)\./.test(type))).toEqual([]);
  });

  test('of a failed run ends the reading without a whole', async () => {
    const { server, run } = await ask([{ text: '{"name":"A', error: 'gone' }]);
    await using _ = server;
    const seen: unknown[] = [];
    for await (const part of run.partialOutput()) seen.push(part);
    expect(seen).toEqual([{ name: 'A' }]);
  });

  test('may come after tools, and after a steered message once more', async () => {
    const held = gate();
    const { server, run, client } = await ask([{ text: GOOD, until: held.opened }, { text: '{"name":"Bob","tags":[]}' }]);
    await using _ = server;
    await until(run, 'text.delta');
    await client.send({ agent: 'clerk', text: 'no, Bob', threadId: run.threadId, whenBusy: 'steer' });
    held.open();
    expect(await run.result()).toMatchObject({ status: 'completed', output: { name: 'Bob' } });
  });
});
