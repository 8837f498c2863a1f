import { describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { ModelMessage } from '../../src/agents/model.ts';
import type { AgentContract } from '../../src/client/index.ts';
import { createTestServer, type ScriptedModel, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';
import { eventsOf, expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

type Api = { readonly bot: AgentContract };

const answers = (count: number) => Array.from({ length: count }, (_, n) => ({ text: `answer ${n + 1}` }));

/** A server with one agent, whose model takes files of these types. */
async function serve(attachments: readonly string[] | undefined, turns = 1, options: { limits?: object } = {}) {
  const model: ScriptedModel = Object.assign(scriptedModel(answers(turns)), attachments && { attachments });
  const bot = defineAgent({ description: '', model });
  const server = await createTestServer({ agents: { bot }, models: { bot: model }, ...options });
  return { server, model, client: server.client<Api>() };
}

const userTurns = (messages: readonly ModelMessage[] | undefined) => messages?.filter((message) => message.role === 'user') ?? [];

test('a model that takes images gets the bytes of one, in the turn that it belongs to', async () => {
  const { server, model, client } = await serve(['image/*'], 2);
  await using _ = server;
  const bytes = pngOf(700_000);
  const photo = await client.files.upload(bytes, { name: 'photo.png' });
  const first = await client.send({ agent: 'bot', text: 'what is this?', attachments: [photo.id] });
  expectSoundLog(await eventsOf(first));
  await (await client.send({ agent: 'bot', text: 'and now?', threadId: first.threadId })).result();
  for (const { messages } of model.requests) {
    expect(userTurns(messages)[0]).toMatchObject({ text: 'what is this?', attachments: [{ name: 'photo.png', type: 'image/png' }] });
  }
  const [turn, second] = userTurns(model.requests[1]?.messages);
  expect(Buffer.from(turn?.attachments?.[0]?.bytes ?? []).equals(bytes)).toBe(true);
  expect(second).toEqual({ role: 'user', text: 'and now?' });
  // Requests are counted and compared as JSON, where the bytes would be a hundred times as long as anything else.
  expect(JSON.stringify(model.requests[0]?.messages).length).toBeLessThan(1_000);
});

test('what the log, a snapshot and the rows say of it is the same', async () => {
  const { server, client } = await serve(undefined);
  await using _ = server;
  const photo = await client.files.upload(PNG, { name: 'photo.png' });
  const run = await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] });
  await run.result();
  const [received] = await logOf(client, run.threadId);
  expect(received).toMatchObject({ type: 'message.received', attachments: [photo] });
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items[0]).toMatchObject({ attachments: [photo] });
  for await (const event of client.thread(run.threadId).watch({ snapshot: true } as never)) {
    expect(event).toMatchObject({ type: 'thread.snapshot', messages: items });
    break;
  }
});

test('a model that takes none is told that it is there', async () => {
  const { server, model, client } = await serve(undefined);
  await using _ = server;
  const photo = await client.files.upload(PNG, { name: 'a "photo"\n.png' });
  await (await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] })).result();
  const [turn] = userTurns(model.requests[0]?.messages);
  expect(turn?.attachments).toBeUndefined();
  expect(turn?.text).toBe(
    `see\n\n[The user attached the file "a \\"photo\\".png", image/png, ${PNG.byteLength} bytes. You cannot read a file of this type.]`,
  );
});

describe('a text file', () => {
  test('is given to every model as text', async () => {
    const { server, model, client } = await serve(undefined);
    await using _ = server;
    const notes = await client.files.upload(new Blob(['Über allem\n']), { name: 'notes.md', type: 'text/markdown' });
    await (await client.send({ agent: 'bot', text: 'read', attachments: [notes.id] })).result();
    expect(userTurns(model.requests[0]?.messages)[0]?.text).toBe(
      'read\n\n[The user attached the file "notes.md", text/markdown, 12 bytes.]\nÜber allem\n\n[End of the file]',
    );
  });

  test('that is long is given up to maxToolOutputBytes, and never half a character', async () => {
    const { server, model, client } = await serve(undefined, 1, { limits: { maxToolOutputBytes: 1_001 } });
    await using _ = server;
    const text = 'é'.repeat(1_000);
    const notes = await client.files.upload(new Blob([text]), { type: 'text/plain' });
    await (await client.send({ agent: 'bot', text: 'read', attachments: [notes.id] })).result();
    const told = userTurns(model.requests[0]?.messages)[0]?.text ?? '';
    expect(told).toContain('2000 bytes. These are the first 1001.]\n');
    expect(told.match(/é/g)).toHaveLength(500);
    expect(told).not.toContain('\ufffd');
  });
});

test('of more than maxFileBytes together the newest are given, and the others named', async () => {
  const { server, model, client } = await serve(['image/*'], 2, { limits: { maxFileBytes: 100_000 } });
  await using _ = server;
  const [old, young] = [await client.files.upload(pngOf(60_000)), await client.files.upload(pngOf(60_001))];
  const run = await client.send({ agent: 'bot', text: 'old', attachments: [old.id] });
  await run.result();
  await (await client.send({ agent: 'bot', text: 'young', threadId: run.threadId, attachments: [young.id] })).result();
  const [first, second] = userTurns(model.requests[1]?.messages);
  expect(first?.attachments).toBeUndefined();
  expect(first?.text).toContain('It is too large to be shown here together with the others.');
  expect(second?.attachments?.[0]?.bytes.byteLength).toBe(60_001);
});

test('one that was deleted is named, and the run goes on', async () => {
  const { server, model, client } = await serve(['image/*'], 2);
  await using _ = server;
  const photo = await client.files.upload(PNG);
  const run = await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] });
  await run.result();
  await client.files.delete(photo.id);
  const next = await client.send({ agent: 'bot', text: 'again', threadId: run.threadId });
  expect(await next.result()).toMatchObject({ status: 'completed' });
  expect(userTurns(model.requests[1]?.messages)[0]?.text).toContain('It was deleted.');
});

test('a fork has it too, also when the thread that it came from is deleted', async () => {
  const { server, model, client } = await serve(['image/*'], 2);
  await using _ = server;
  const photo = await client.files.upload(PNG);
  const run = await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] });
  await run.result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  await client.threads.delete({ threadId: run.threadId });
  expect((await client.threads.messages({ threadId: fork.id })).items[0]).toMatchObject({ attachments: [photo] });
  await (await client.send({ agent: 'bot', text: 'again', threadId: fork.id })).result();
  expect(userTurns(model.requests[1]?.messages)[0]?.attachments).toHaveLength(1);
});

test('a generator gets the bytes of all', async () => {
  const seen: ModelMessage[] = [];
  const bot = defineAgent({
    description: '',
    run: async function* ({ messages }) {
      seen.push(...messages);
      yield { type: 'text.delta', delta: 'ok' };
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client<Api>();
  const photo = await client.files.upload(PNG);
  await (await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] })).result();
  expect(userTurns(seen)[0]?.attachments).toMatchObject([{ type: 'image/png' }]);
});

test('a run that a crash broke off gets them again', async () => {
  const model = Object.assign(scriptedModel([{ waitFor: new Promise(() => {}) }, { text: 'ok' }]), { attachments: ['image/*'] });
  const bot = defineAgent({ description: '', model });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const client = server.client<Api>();
  const photo = await client.files.upload(PNG);
  const run = await client.send({ agent: 'bot', text: 'see', attachments: [photo.id] });
  await vi.waitFor(() => expect(model.requests.length).toBe(1));
  await server.crash();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'ok' });
  expect(userTurns(model.requests[1]?.messages)[0]?.attachments).toHaveLength(1);
});
