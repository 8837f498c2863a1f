import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { verifyAudit } from '../../src/db/operations/verifyAudit.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import { createServer, serverOver } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { createManualClock, createTestServer, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { until } from '../runs/runSupport.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';

checkLeaksAfterwards();

const SECRET = 'a word of the user';
const pay = defineTool({
  name: 'pay',
  description: 'pays',
  needsApproval: true,
  input: z.object({}),
  output: z.string(),
  execute: async () => 'paid',
});
const bot = (model = scriptedModel([])) => defineAgent({ description: 'bot', model, tools: [pay] });

/** A server on a file, and its audit log when it has closed. */
async function audited(options: TestServerOptions, use: (server: Awaited<ReturnType<typeof createTestServer>>) => Promise<void>) {
  const database = join(tempFolder(), 'v.db');
  {
    await using server = await createTestServer({ ...options, database });
    await use(server);
  }
  const { raw, close } = openDatabase({ file: database, readonly: true });
  try {
    const queries = prepareQueries(raw);
    expect(verifyAudit(queries).problem).toBeUndefined();
    return queries.audit.page({ limit: 1_000 }).map(({ id: _, hash: __, at: ___, ...row }) => row);
  } finally {
    await close();
  }
}

test('decisions, cancels and deletions are told with who, what and from where, and never with a word of a message', async () => {
  const model = scriptedModel([
    { toolCalls: [{ name: 'pay', input: {} }] },
    { text: SECRET },
    { text: SECRET, until: new Promise(() => {}) },
  ]);
  const ids: string[] = [];
  const rows = await audited({ agents: { bot: bot(model) } }, async (server) => {
    const ann = server.as('ann').client();
    const asked = await ann.send({ agent: 'bot', text: SECRET });
    const { callId } = await until(asked, 'approval.requested');
    await ann.trpc.approvals.decide.mutate({ callId, decision: 'approve', reason: SECRET, idempotencyKey: 'k' });
    await ann.trpc.approvals.decide.mutate({ callId, decision: 'approve', reason: SECRET, idempotencyKey: 'k' });
    await asked.result();
    const held = await ann.send({ agent: 'bot', text: SECRET });
    await until(held, 'message.started');
    await held.cancel();
    await held.result();
    await ann.threads.delete({ threadId: held.threadId });
    const uploaded = await fetch(`${server.url}/files`, {
      method: 'POST',
      body: SECRET,
      headers: { authorization: `Bearer ${server.as('ann').token}`, 'content-type': 'text/plain' },
    });
    const { id: fileId } = (await uploaded.json()) as { id: string };
    await ann.trpc.files.delete.mutate({ fileId });
    ids.push(callId, held.id, held.threadId, fileId);
  });
  const [callId, runId, threadId, fileId] = ids;
  const by = { actor: 'ann', outcome: 'ok', origin: expect.stringMatching(/127\.0\.0\.1|::1/) };
  expect(rows.filter(({ actor }) => actor === 'ann')).toEqual([
    { ...by, action: 'approvals.decide', target: callId, details: expect.objectContaining({ decision: 'approved', tool: 'pay' }) },
    { ...by, action: 'runs.cancel', target: runId, details: { threadId } },
    { ...by, action: 'threads.delete', target: threadId, details: { owner: 'ann' } },
    { ...by, action: 'files.delete', target: fileId, details: null },
  ]);
  expect(JSON.stringify(rows)).not.toContain(SECRET);
});

test('starts and stops are told, and limits when they are others than at the last start', async () => {
  const database = join(tempFolder(), 'v.db');
  const start = async (limits: ServerOptions['limits']): Promise<void> => {
    await (await createServer({ agents: { bot: bot() }, database, ...(limits && { limits }) })).close();
  };
  await start(undefined);
  await start({ maxRuns: 5 });
  await start({ maxRuns: 5 });
  await start({ maxRuns: Number.POSITIVE_INFINITY });
  const { raw, close } = openDatabase({ file: database, readonly: true });
  const rows = prepareQueries(raw).audit.page({ limit: 100 });
  await close();
  expect(rows.map((row) => row.action)).toEqual([
    ...['server.start', 'server.stop'],
    ...['server.start', 'limits.change', 'server.stop'],
    ...['server.start', 'server.stop'],
    ...['server.start', 'limits.change', 'server.stop'],
  ]);
  expect(rows.filter((row) => row.action === 'limits.change').map((row) => row.details)).toEqual([
    { limits: { maxRuns: 5 } },
    { limits: { maxRuns: 'none' } },
  ]);
});

test('who is turned away is told: at the handshake, at a call, at a route, and for want of a right', async () => {
  const agents = { bot: bot() };
  const rows = await audited({ agents, authenticate: () => undefined, policy: ({ action }) => action !== 'create' }, async (server) => {
    await expect(server.client().threads.list({})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await fetch(`${server.url}/trpc/threads.list`)).status).toBe(401);
    expect((await fetch(`${server.url}/trpc/threads.watch`)).status).toBe(401);
    expect((await fetch(`${server.url}/files/file_1`)).status).toBe(401);
    expect((await fetch(`${server.url}/trpc/agents.list`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    await expect(server.as('ann').client().threads.create({})).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });
  const refused = rows.filter(({ outcome }) => outcome === 'refused');
  expect(refused.map(({ actor, action, details }) => [actor, action, details])).toEqual([
    [null, 'connect', { code: 'UNAUTHENTICATED' }],
    [null, 'threads.list', { code: 'UNAUTHENTICATED' }],
    [null, 'threads.watch', { code: 'UNAUTHENTICATED' }],
    [null, '/files/:id', { code: 'UNAUTHENTICATED' }],
    [null, 'connect', { code: 'NOT_ALLOWED', from: 'https://evil.example', host: expect.any(String) }],
    ['ann', 'threads.create', { code: 'NOT_ALLOWED' }],
  ]);
  for (const { origin } of refused) expect(origin).toMatch(/127\.0\.0\.1|::1/);
});

test('a watch that ends for want of authority is told with the thread or run that it is of, over SSE as over WebSocket', async () => {
  const clock = createManualClock();
  const authenticate: NonNullable<ServerOptions['authenticate']> = () => ({ id: 'ann', expiresAt: clock.now() + 60_000 });
  const ids: string[] = [];
  const rows = await audited({ agents: { bot: bot() }, authenticate, clock }, async (server) => {
    const target = { port: Number(new URL(server.url).port), headers: { authorization: 'Bearer any' } };
    const socket = await openRaw(target);
    const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
    ids.push(threadId);
    socket.watch('threads.watch', { threadId });
    const sse = await openSse(target, 'threads.watch', { threadId });
    await vi.waitFor(() => expect(server.stats.watches).toBe(2));
    await clock.advance(61_000);
    await vi.waitFor(() => expect(server.stats.watches).toBe(0));
    sse.destroy();
  });
  const [threadId] = ids;
  expect(rows.filter(({ outcome }) => outcome === 'refused')).toMatchObject([
    { action: 'threads.watch', actor: 'ann', target: threadId },
    { action: 'threads.watch', actor: 'ann', target: threadId },
  ]);
});

async function refusing(limits: ServerOptions['limits']) {
  const clock = createManualClock();
  const database = openDatabase({ file: ':memory:' });
  const server = await serverOver(
    database,
    { agents: { bot: bot() }, authenticate: () => undefined, clock, ...(limits && { limits }) },
    { closeDatabase: true },
  );
  afterTest(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const queries = prepareQueries(database.raw);
  const knock = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await (await fetch(`${url}/trpc/threads.list`)).arrayBuffer();
  };
  const refusals = () => queries.audit.page({ outcome: 'refused', limit: 1_000 }).map(({ action, details }) => [action, details]);
  return { clock, knock, refusals };
}

test('of the refusals of one address ten a minute are told, and the others counted', async () => {
  const { clock, knock, refusals } = await refusing(undefined);
  await knock(25);
  const told = Array.from({ length: 10 }, () => ['threads.list', { code: 'UNAUTHENTICATED' }]);
  await vi.waitFor(() => expect(refusals()).toEqual(told));
  await clock.advance(60_000);
  await vi.waitFor(() => expect(refusals()).toEqual([...told, ['refusals.more', { count: 15 }]]));
  await knock(1);
  await vi.waitFor(() => expect(refusals()).toHaveLength(12));
});

test('of the refusals of all addresses a hundred a minute are told, and the others counted', async () => {
  const { clock, knock, refusals } = await refusing({ maxAuditedRefusalsPerAddress: Number.POSITIVE_INFINITY });
  await knock(103);
  await vi.waitFor(() => expect(refusals()).toHaveLength(100));
  await clock.advance(60_000);
  await vi.waitFor(() => expect(refusals().slice(100)).toEqual([['refusals.more', { count: 3 }]]));
});
