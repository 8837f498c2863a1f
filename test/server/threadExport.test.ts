import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import type { Principal } from '../../src/protocol/principal.ts';
import { exportThread } from '../../src/server/threadExport.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { command, OWNER, openStore, startThread } from '../db/storeForTest.ts';
import { logOf } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const draw = defineTool({
  name: 'draw',
  description: 'draws',
  input: z.object({}),
  output: z.object({ text: z.string() }),
  execute: async () => ({ text: 'x'.repeat(100_000) }),
});

interface Exported {
  readonly format: string;
  readonly version: number;
  readonly thread: { readonly id: string; readonly head: number };
  readonly messages: readonly { readonly text: string }[];
  readonly runs: readonly { readonly id: string }[];
  readonly files: readonly { readonly id: string; readonly size: number }[];
  readonly events: readonly AnyEvent[];
}

const agents = () => ({
  bot: defineAgent({
    description: 'bot',
    model: scriptedModel([
      { toolCalls: [{ name: 'draw' }] },
      ...Array.from({ length: 20 }, (_, n) => ({ text: `answer ${n}`, chunks: 3 })),
    ]),
    tools: [draw],
  }),
});

test('a thread is exported as one document: its messages in order, its runs, its files, and its events word for word', async () => {
  await using server = await createTestServer({ agents: agents() });
  const ann = server.as('ann');
  const client = ann.client();
  const first = await client.send({ agent: 'bot', text: 'ask 0' });
  await first.result();
  for (let n = 1; n < 20; n++) await (await client.send({ agent: 'bot', text: `ask ${n}`, threadId: first.threadId })).result();
  const answer = await fetch(`${server.url}/threads/${first.threadId}/export`, { headers: { authorization: `Bearer ${ann.token}` } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${first.threadId}.json"`);
  const exported = (await answer.json()) as Exported;
  expect(exported).toMatchObject({ format: 'verbatim.thread', version: 1 });
  expect(exported.thread).toEqual(await client.threads.get({ threadId: first.threadId }));
  expect(exported.events).toEqual(await logOf(client, first.threadId));
  expect(exported.messages).toEqual((await client.threads.messages({ threadId: first.threadId, limit: 1_000 })).items);
  expect(exported.messages.filter(({ text }) => text.startsWith('ask')).map(({ text }) => text)).toEqual(
    Array.from({ length: 20 }, (_, n) => `ask ${n}`),
  );
  expect(exported.runs).toHaveLength(20);
  expect(exported.files).toMatchObject([{ size: expect.any(Number), threadId: first.threadId }]);
});

test('a folded thread is exported with its messages and the events that are left', async () => {
  await using server = await createTestServer({ agents: agents() });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'ask' });
  await run.result();
  await server.fold({ olderThanDays: 0 });
  await (await client.send({ agent: 'bot', text: 'more', threadId: run.threadId })).result();
  const exported = (await (await fetch(`${server.url}/threads/${run.threadId}/export`)).json()) as Exported;
  expect(exported.messages.map(({ text }) => text)).toContain('ask');
  expect(exported.events[0]?.type).toBe('message.received');
  expect(exported.events.at(-1)?.seq).toBe(exported.thread.head);
});

test('another’s thread is not there, and nobody gets nothing', async () => {
  await using server = await createTestServer({ agents: agents(), authenticate: () => undefined });
  const { id } = await server.as('ann').client().threads.create({});
  const statusFor = async (headers: Record<string, string>) => (await fetch(`${server.url}/threads/${id}/export`, { headers })).status;
  expect(await statusFor({ authorization: `Bearer ${server.as('bob').token}` })).toBe(404);
  expect(await statusFor({})).toBe(401);
});

test('a principal exports one thread at a time; others are not kept from it', async () => {
  const turns = Array.from({ length: 5 }, () => ({ text: 'x'.repeat(1_000_000) }));
  const bot = defineAgent({ description: 'bot', model: scriptedModel(turns), history: { last: 1 } });
  await using server = await createTestServer({ agents: { bot } });
  const [ann, bob] = [server.as('ann'), server.as('bob')];
  const client = ann.client();
  const { id } = await client.threads.create({});
  for (const _ of turns) await (await client.send({ agent: 'bot', text: 'much', threadId: id })).result();
  const threads = new Map([
    [ann.token, id],
    [bob.token, (await bob.client().threads.create({})).id],
  ]);
  const ask = async ({ token }: { readonly token: string }): Promise<IncomingMessage> => {
    const asked = request(`${server.url}/threads/${threads.get(token)}/export`, {
      agent: false,
      headers: { authorization: `Bearer ${token}` },
    });
    asked.on('error', () => {}).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response.on('error', () => {});
  };
  // Nobody reads it: it is more than the buffers between hold.
  const first = await ask(ann);
  const [second, others] = [await ask(ann), await ask(bob)];
  expect([first.statusCode, second.statusCode, others.statusCode]).toEqual([200, 503, 200]);
  for (const response of [first, second, others]) response.destroy();
  await vi.waitFor(async () => {
    const again = await ask(ann);
    again.destroy();
    expect(again.statusCode).toBe(200);
  });
});

test('an export ends when its thread is deleted, or its caller may no longer read', async () => {
  const on = openStore();
  const { threadId } = await startThread(on);
  let principal: Principal = { id: OWNER };
  const begin = async () => {
    const pieces = exportThread(on.store, { principal: () => principal, threadId, at: 1 });
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) if (piece.value.includes('"events":[')) return pieces;
    throw new Error('it has no events');
  };
  const first = await begin();
  principal = { id: 'bob' };
  await expect(first.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  principal = { id: OWNER };
  const second = await begin();
  await on.store.threads.delete(command('threads.delete'), threadId);
  await expect(second.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
