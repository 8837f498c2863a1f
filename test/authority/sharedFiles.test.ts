import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { AgentContract } from '../../src/client/index.ts';
import { defineAgent, defineTool, toolFile } from '../../src/index.ts';
import { createTestServer, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';

checkLeaksAfterwards();

type Api = { readonly bot: AgentContract };

/** A thread of ann's with a picture, and clients of several. */
async function pictured(bytes: Uint8Array, turns = 1, options: Partial<TestServerOptions> = {}) {
  const model = Object.assign(scriptedModel(Array.from({ length: turns }, () => ({ text: 'I see' }))), { attachments: ['image/*'] });
  const bot = defineAgent({ description: '', model });
  const server = await createTestServer({ agents: { bot }, models: { bot: model }, ...options });
  afterTest(() => server[Symbol.asyncDispose]());
  const ann = server.as('ann').client<Api>();
  const bob = server.as('bob').client<Api>();
  const picture = await ann.files.upload(bytes, { name: 'mine.png' });
  const run = await ann.send({ agent: 'bot', text: 'look', attachments: [picture.id] });
  await run.result();
  return { server, model, ann, bob, picture, threadId: run.threadId };
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

test('a file of a thread is read by whom the thread is shared with, and by nobody else', async () => {
  const { server, ann, bob, picture, threadId } = await pictured(PNG);
  const cy = server.as('cy').client<Api>();
  const { id } = await ann.threads.share({ threadId, with: 'bob' });
  expect((await bytesOf(await bob.files.download(picture.id))).equals(PNG)).toBe(true);
  expect(await bob.files.get(picture.id)).toMatchObject({ id: picture.id, name: 'mine.png' });
  await expect(cy.files.download(picture.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  // It stays its owner's.
  expect(await bob.files.list()).toEqual({ items: [] });
  await expect(bob.files.delete(picture.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await ann.threads.unshare({ threadId, shareId: id });
  await expect(bob.files.get(picture.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test("a file that is called as another's is none of its", async () => {
  const { ann, bob, picture } = await pictured(PNG, 2);
  const forged = await bob.files.upload(PNG, { name: `"id":"${picture.id}"` });
  await (await bob.send({ agent: 'bot', text: 'mine', attachments: [forged.id] })).result();
  await expect(bob.files.get(picture.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(bob.send({ agent: 'bot', text: 'mine', attachments: [picture.id] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await ann.files.get(picture.id)).toMatchObject({ id: picture.id });
});

test("a run of a writer's sends the model the files of the others, and its own are read by them", async () => {
  const { model, ann, bob, threadId } = await pictured(PNG, 2);
  await ann.threads.share({ threadId, with: 'bob', access: 'write' });
  const own = await bob.files.upload(pngOf(2_000), { name: 'his.png' });
  await (await bob.send({ agent: 'bot', threadId, text: 'and this?', attachments: [own.id] })).result();
  const files = model.requests[1]?.messages.flatMap((message) => (message.role === 'user' ? (message.attachments ?? []) : []));
  expect(files?.map(({ name, bytes }) => [name, bytes.byteLength])).toEqual([
    ['mine.png', PNG.byteLength],
    ['his.png', 2_000],
  ]);
  expect((await ann.files.download(own.id)).status).toBe(200);
});

test('who may read a thread may fork it and edit in it, with its files; they end when their owner deletes them', async () => {
  const { model, ann, bob, picture, threadId } = await pictured(PNG, 2);
  const { id } = await ann.threads.share({ threadId, with: 'bob' });
  const fork = await bob.threads.fork({ threadId });
  const { items } = await bob.threads.messages({ threadId });
  const edited = await bob.messages.edit({ messageId: items[0]?.id ?? '', text: 'look again' });
  expect((await edited.result()).text).toBe('I see');
  expect(model.requests[1]?.messages[0]).toMatchObject({ text: 'look again', attachments: [{ name: 'mine.png' }] });
  // A copy is the copier's.
  await ann.threads.unshare({ threadId, shareId: id });
  expect((await bob.threads.messages({ threadId: fork.id })).items[0]).toMatchObject({ attachments: [{ id: picture.id }] });
  expect((await bob.files.download(picture.id)).status).toBe(200);
  await expect(ann.threads.get({ threadId: fork.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await ann.files.delete(picture.id);
  await expect(bob.files.get(picture.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('what a tool made is read by the readers of its thread', async () => {
  const chart = defineTool({
    name: 'chart',
    description: '',
    input: z.object({}),
    output: z.object({}),
    execute: () => toolFile(PNG) as never,
  });
  const bot = defineAgent({ description: '', model: scriptedModel([]), tools: [chart] });
  const models = { bot: scriptedModel([{ toolCalls: [{ name: 'chart' }] }, { text: 'done' }]) };
  await using server = await createTestServer({ agents: { bot }, models });
  const ann = server.as('ann').client<Api>();
  const bob = server.as('bob').client<Api>();
  const run = await ann.send({ agent: 'bot', text: 'draw' });
  const [file] = (await run.result()).files ?? [];
  await expect(bob.files.get(file?.id ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await ann.threads.share({ threadId: run.threadId, with: 'bob' });
  expect((await bytesOf(await bob.files.download(file?.id ?? ''))).equals(PNG)).toBe(true);
  // It counts for the thread's owner.
  expect((await ann.files.list()).items).toHaveLength(1);
  expect((await bob.files.list()).items).toHaveLength(0);
});

test('a download ends when the thread is no longer shared', async () => {
  const { server, ann, picture, threadId } = await pictured(pngOf(18 * 1024 * 1024));
  const { id } = await ann.threads.share({ threadId, with: 'bob' });
  const asked = request({
    port: server.port,
    host: '127.0.0.1',
    path: `/files/${picture.id}`,
    headers: { authorization: `Bearer ${server.as('bob').token}` },
    agent: false,
  });
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
  const cut = new Promise((resolve) => response.on('close', resolve).on('error', () => {}));
  await ann.threads.unshare({ threadId, shareId: id });
  let bytes = 0;
  response.on('data', (data: Buffer) => {
    bytes += data.byteLength;
  });
  await cut;
  expect(bytes).toBeLessThan(18 * 1024 * 1024);
});

test('a guest may not keep files, and nothing of one is left', async () => {
  const { server, ann, threadId } = await pictured(PNG);
  const { secret = '' } = await ann.threads.share({ threadId, link: true, access: 'write' });
  const { token } = (await ann.trpc.auth.openShare.mutate({ secret })) as { token: string };
  const response = await fetch(`${server.url}/files`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: 'x' });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('You may not keep files here.');
  await vi.waitFor(async () => expect((await ann.files.list()).items).toHaveLength(1));
});
