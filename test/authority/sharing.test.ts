import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { offline } from '../../src/agents/models/offline.ts';
import { createClient, openShare } from '../../src/client/index.node.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { byToken, startServer } from '../server/startServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';

checkLeaksAfterwards();

interface Share {
  readonly id: string;
  readonly secret: string;
}

/** Streams end within a second. */
const SOON = { timeout: 1_000 };
const HOUR_MS = 60 * 60_000;

async function sharedThread(options: Parameters<typeof startServer>[0] = {}) {
  const server = await startServer({ authenticate: byToken, ...options });
  const { port, url } = server;
  const as = (token: string): Promise<RawSocket> => openRaw({ port, params: { token } });
  const owner = await as('ann');
  const sent: { threadId: string; runId: string } = await owner.call('mutation', 'messages.send', { agent: 'pour', text: '1 1' });
  const { threadId, runId } = sent;
  await owner.call('query', 'runs.wait', { runId });
  const share = (to: object): Promise<Share> => owner.call('mutation', 'threads.share', { threadId, ...to });
  const unshare = (shareId: string): Promise<unknown> => owner.call('mutation', 'threads.unshare', { threadId, shareId });
  const open = (secret: string) => openShare({ url, secret });
  return { ...server, as, owner, threadId, runId, share, unshare, open };
}

/** A watch of the thread, over both transports. */
async function watching({ port, as, threadId }: Awaited<ReturnType<typeof sharedThread>>, token: string) {
  const socket = await as(token);
  const id = socket.watch('threads.watch', { threadId });
  const sse = await openSse({ port }, 'threads.watch', { threadId }, { authorization: `Bearer ${token}` });
  await socket.until(id, 'run.completed');
  await vi.waitFor(() => expect(sse.events.at(-1)?.type).toBe('run.completed'));
  return {
    socket,
    /** By which both have ended. */
    async ended(): Promise<readonly (string | undefined)[]> {
      return vi.waitFor(() => {
        const frame = socket.frames.find((candidate) => candidate.id === id && candidate.error !== undefined);
        const last = sse.data.at(-1) as { json?: { data?: { reason?: string } } };
        expect(sse.names.at(-1)).toBe('serialized-error');
        return [frame?.error?.json.data.reason, last.json?.data?.reason];
      }, SOON);
    },
  };
}

describe('a thread that is shared by name', () => {
  test('is there for whom it is shared with, and listed as shared', async () => {
    const { as, share, threadId } = await sharedThread();
    const bob = await as('bob');
    expect((await bob.error('query', 'threads.get', { threadId })).data.reason).toBe('NOT_FOUND');
    await share({ with: 'bob' });
    expect(await bob.call('query', 'threads.get', { threadId })).toMatchObject({ id: threadId, ownerId: 'ann', access: 'read' });
    expect(await bob.call('query', 'threads.list', {})).toEqual({ items: [] });
    expect(await bob.call('query', 'threads.list', { shared: true })).toMatchObject({ items: [{ id: threadId, ownerId: 'ann' }] });
  });

  test('is written in under the own name of whoever may, and ends there when the share allows less', async () => {
    const { as, share, threadId } = await sharedThread();
    const { id } = await share({ with: 'bob', access: 'write' });
    const bob = await as('bob');
    const { runId }: { runId: string } = await bob.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
    await bob.call('query', 'runs.wait', { runId });
    const { items }: { items: { principalId?: string }[] } = await bob.call('query', 'threads.messages', { threadId });
    expect(items.map((message) => message.principalId)).toEqual(['ann', undefined, 'bob', undefined]);
    expect((await share({ with: 'bob', access: 'read' })).id).toBe(id);
    expect((await bob.error('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' })).data.reason).toBe('NOT_ALLOWED');
  });

  test.each([
    ['it is taken back', async ({ unshare }: Awaited<ReturnType<typeof sharedThread>>, id: string) => void (await unshare(id))],
    [
      'the thread is deleted',
      async ({ owner, threadId }: Awaited<ReturnType<typeof sharedThread>>) =>
        void (await owner.call('mutation', 'threads.delete', { threadId })),
    ],
  ])('ends for its readers within a second when %s', async (_, end) => {
    const thread = await sharedThread();
    const { id } = await thread.share({ with: 'bob' });
    const reader = await watching(thread, 'bob');
    await end(thread, id);
    expect(await reader.ended()).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(reader.socket.ws.readyState).toBe(reader.socket.ws.OPEN);
  });

  test('ends within a second when its time is over, and for nobody else', async () => {
    const clock = createManualClock();
    const thread = await sharedThread({ clock });
    await thread.share({ with: 'bob', expiresInMs: HOUR_MS });
    const reader = await watching(thread, 'bob');
    const id = thread.owner.watch('threads.watch', { threadId: thread.threadId });
    await thread.owner.until(id, 'run.completed');
    clock.set(clock.now() + HOUR_MS - 1);
    expect(await reader.socket.call('query', 'threads.get', { threadId: thread.threadId })).toMatchObject({ id: thread.threadId });
    clock.set(clock.now() + 1);
    expect(await reader.ended()).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(thread.server.stats.watches).toBe(1);
    expect(await thread.owner.call('query', 'threads.shares', { threadId: thread.threadId })).toEqual([]);
  });

  test('is given up by whoever has the share, and by nobody else', async () => {
    const { as, share, threadId } = await sharedThread();
    const { id } = await share({ with: 'bob' });
    await share({ with: 'cy', access: 'write' });
    const cy = await as('cy');
    expect((await cy.error('mutation', 'threads.unshare', { threadId, shareId: id })).data.reason).toBe('NOT_ALLOWED');
    const bob = await as('bob');
    await bob.call('mutation', 'threads.unshare', { threadId, shareId: id });
    expect((await bob.error('query', 'threads.get', { threadId })).data.reason).toBe('NOT_FOUND');
  });

  test('is shared within its tenant only', async () => {
    const { owner, as, share, threadId } = await sharedThread({
      authenticate: ({ token = '' }) => ({
        id: token.split('@')[0] ?? '',
        ...(token.includes('@') && { tenant: token.split('@')[1] ?? '' }),
      }),
    });
    await share({ with: 'bob' });
    expect((await (await as('bob@acme')).error('query', 'threads.get', { threadId })).data.reason).toBe('NOT_FOUND');
    expect(await (await as('bob')).call('query', 'threads.get', { threadId })).toMatchObject({ id: threadId });
    // An id that looks like a tenant's.
    await share({ with: '@acme/bob' });
    expect((await (await as('bob@acme')).error('query', 'threads.get', { threadId })).data.reason).toBe('NOT_FOUND');
    expect(await owner.call('query', 'threads.shares', { threadId })).toMatchObject([{ with: 'bob' }, { with: '@acme/bob' }]);
  });
});

describe('a run acts for whoever sent its message:', () => {
  test('a writer does not steer the run of another', async () => {
    const { as, owner, share, threadId, release } = await sharedThread();
    await share({ with: 'bob', access: 'write' });
    await owner.call('mutation', 'messages.send', { threadId, agent: 'pour', text: 'hold' });
    const steer = { threadId, agent: 'pour', text: '1 1', whenBusy: 'steer' };
    expect(await (await as('bob')).call('mutation', 'messages.send', steer)).toMatchObject({ disposition: 'queued' });
    expect(await owner.call('mutation', 'messages.send', steer)).toMatchObject({ disposition: 'steered' });
    release();
  });

  test("an edit of another's message has not its context", async () => {
    const seen: unknown[] = [];
    const about = defineAgent({
      description: '',
      contextInput: z.string().optional(),
      run: async function* ({ context }) {
        seen.push(context);
        yield { type: 'text.delta', delta: 'ok' };
      },
    });
    const { as, owner, share, threadId } = await sharedThread({ agents: { about } });
    await share({ with: 'bob' });
    const sent = { threadId, agent: 'about', text: 'mine', context: 'account 7' };
    const { messageId, runId }: { messageId: string; runId: string } = await owner.call('mutation', 'messages.send', sent);
    await owner.call('query', 'runs.wait', { runId });
    for (const socket of [owner, await as('bob')]) {
      const edited: { runId: string } = await socket.call('mutation', 'messages.edit', { messageId, text: 'all of it' });
      await socket.call('query', 'runs.wait', { runId: edited.runId });
    }
    expect(seen).toEqual(['account 7', 'account 7', undefined]);
  });
});

describe('a link', () => {
  test('opens one thread to a guest, and nothing else', async () => {
    const { owner, as, share, open, threadId } = await sharedThread({ agents: {} });
    await owner.call('mutation', 'threads.create', { title: 'another' });
    const { token, ...opened } = await open((await share({ link: true })).secret);
    expect(opened).toEqual({ threadId, access: 'read', expiresAt: expect.any(Number) });
    const guest = await as(token);
    expect(await guest.call('query', 'threads.messages', { threadId })).toMatchObject({ items: [{ text: '1 1' }, { text: 'done' }] });
    expect(await guest.call('query', 'threads.list', { shared: true })).toMatchObject({ items: [{ id: threadId }] });
    for (const path of ['threads.list', 'runs.list', 'files.list', 'memory.list', 'approvals.list']) {
      expect(await guest.call('query', path, {})).toEqual({ items: [] });
    }
  });

  test('to write lets a guest send to the agents of the thread, and to no others', async () => {
    const costly = defineAgent({ description: 'costs a lot', model: offline() });
    const { as, owner, share, open, threadId } = await sharedThread({ agents: { costly } });
    const { token } = await open((await share({ link: true, access: 'write' })).secret);
    const guest = await as(token);
    const names = async () => ((await guest.call('query', 'agents.list')) as { name: string }[]).map(({ name }) => name);
    expect(await names()).toEqual(['pour']);
    await guest.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
    const refused = await guest.error('mutation', 'messages.send', { threadId, agent: 'costly', text: '1 1' });
    expect(refused).toMatchObject({ message: 'There is no agent named "costly".', data: { reason: 'NOT_FOUND' } });
    await owner.call('mutation', 'messages.send', { threadId, agent: 'costly', text: '1 1' });
    expect(await names()).toEqual(['pour', 'costly']);
  });

  test('makes nobody one of the tenant whose notices are for those', async () => {
    const { server, as, owner, share, open } = await sharedThread({
      authenticate: ({ token }) => (token === 'ann' ? { id: 'ann', tenant: 'acme' } : undefined),
    });
    const guest = await as((await open((await share({ link: true })).secret)).token);
    for (const socket of [owner, guest]) {
      const id = socket.watch('notices.watch', {});
      await vi.waitFor(() => expect(socket.frames.some((frame) => frame.id === id)).toBe(true));
    }
    expect(await server.broadcast({ kind: 'party' }, { to: { tenant: 'acme' } })).toBe(1);
    expect(await server.broadcast({ kind: 'maintenance' })).toBe(2);
  });

  test('has a secret that is told once and stored nowhere', async () => {
    const database = join(tempFolder(), 'v.db');
    const { owner, share, threadId } = await sharedThread({ database });
    const { secret, id } = await share({ link: true, idempotencyKey: 'k' });
    expect(secret).toMatch(/^vblink_[\w-]{43}$/);
    const [listed]: readonly object[] = await owner.call('query', 'threads.shares', { threadId });
    expect(listed).toMatchObject({ id, access: 'read', createdBy: 'ann' });
    expect(JSON.stringify(listed)).not.toContain(secret);
    const raw = new (loadSqlite().Database)(database, { readonly: true });
    const dump = ['shares', 'receipts', 'audit_log'].map((table) => JSON.stringify(raw.prepare(`select * from ${table}`).all())).join();
    raw.close();
    expect(dump).toContain(id);
    expect(dump).not.toContain(secret.slice(7));
  });

  test('that is asked for again gets another secret, since the first was lost with its answer', async () => {
    const { share, open } = await sharedThread();
    const first = await share({ link: true, idempotencyKey: 'k' });
    const again = await share({ link: true, idempotencyKey: 'k' });
    expect(again.id).toBe(first.id);
    await expect(open(first.secret)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await open(again.secret)).toMatchObject({ access: 'read' });
  });

  test('that is taken back ends its guests within a second, with all that they have open', async () => {
    const thread = await sharedThread();
    const { id, secret } = await thread.share({ link: true });
    const { token } = await thread.open(secret);
    const reader = await watching(thread, token);
    await thread.unshare(id);
    expect(await reader.ended()).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect((await reader.socket.closed).code).toBe(4401);
    await expect(thread.open(secret)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'There is no such share.' });
    await expect(thread.open('vblink_nope')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'There is no such share.' });
  });

  test('whose time is over opens nothing, and ends its guests', async () => {
    const clock = createManualClock();
    const thread = await sharedThread({ clock });
    const { secret } = await thread.share({ link: true, expiresInMs: 60_000 });
    const { token, expiresAt } = await thread.open(secret);
    expect(expiresAt).toBe(clock.now() + 60_000);
    const reader = await watching(thread, token);
    clock.set(clock.now() + 60_000);
    expect(await reader.ended()).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    await expect(thread.open(secret)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the token of a guest holds for guestTtlMs, and the link gives another', async () => {
    const clock = createManualClock();
    const { as, share, open, threadId } = await sharedThread({ clock, limits: { guestTtlMs: 5_000 } });
    const { secret } = await share({ link: true });
    const { token, expiresAt } = await open(secret);
    expect(expiresAt).toBe(clock.now() + 5_000);
    clock.set(clock.now() + 4_999);
    expect(await (await as(token)).call('query', 'threads.get', { threadId })).toMatchObject({ id: threadId });
    clock.set(clock.now() + 1);
    // What is no guest's goes to the methods of the server: here any token is somebody's name.
    expect((await (await as(token)).error('query', 'threads.get', { threadId })).data.reason).toBe('NOT_FOUND');
    expect(await (await as((await open(secret)).token)).call('query', 'threads.get', { threadId })).toMatchObject({ id: threadId });
  });

  test('a token that somebody made or changed is nobody', async () => {
    const { url, share, open } = await sharedThread({ authenticate: ({ token }) => (token === 'ann' ? { id: 'ann' } : undefined) });
    const { token } = await open((await share({ link: true })).secret);
    const [, body = '', signature = ''] = /^vbguest_(.*)\.(.*)$/.exec(token) ?? [];
    const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), expiresAt: 9e15 })).toString(
      'base64url',
    );
    const status = async (changed: string) =>
      (await fetch(`${url}/trpc/agents.list`, { headers: { authorization: `Bearer ${changed}` } })).status;
    expect(await status(token)).toBe(200);
    for (const changed of [
      `vbguest_${other}.${signature}`,
      `vbguest_${body}.${'A'.repeat(43)}`,
      `vbguest_${body}.`,
      `vbguest_${body}`,
      'vbguest_.',
    ]) {
      expect(await status(changed)).toBe(401);
    }
  });

  test('is kept under the own name of whoever claims it, for as long as there is the link', async () => {
    const { as, share, unshare, owner, threadId } = await sharedThread();
    const { id, secret } = await share({ link: true, access: 'write' });
    const bob = await as('bob');
    expect(await bob.call('mutation', 'threads.claimShare', { secret })).toMatchObject({
      threadId,
      with: 'bob',
      linkId: id,
      access: 'write',
    });
    await bob.call('mutation', 'threads.claimShare', { secret });
    expect(await bob.call('query', 'threads.list', { shared: true })).toMatchObject({ items: [{ id: threadId, access: 'write' }] });
    expect(await owner.call('query', 'threads.shares', { threadId })).toHaveLength(2);
    await unshare(id);
    expect(await bob.call('query', 'threads.list', { shared: true })).toEqual({ items: [] });
  });

  test("is opened by the SDK, again when the guest's token was of an earlier server", async () => {
    const { url, share, threadId } = await sharedThread({ authenticate: ({ token }) => (token === 'ann' ? { id: 'ann' } : undefined) });
    const { secret } = await share({ link: true });
    const asked: boolean[] = [];
    const guest = createClient({
      url,
      token: async ({ refresh }) => {
        asked.push(refresh);
        return refresh ? (await openShare({ url, secret })).token : `vbguest_${'A'.repeat(20)}.${'A'.repeat(43)}`;
      },
    });
    afterTest(() => guest.close());
    expect(await guest.threads.get({ threadId })).toMatchObject({ id: threadId, access: 'read' });
    expect(asked).toEqual([false, true]);
  });
});

test('a thread has maxSharesPerThread shares, and not one more', async () => {
  const { share, unshare, owner, threadId } = await sharedThread({ limits: { maxSharesPerThread: 2 } });
  const { id } = await share({ with: 'bob' });
  await share({ link: true });
  const refused = await owner.error('mutation', 'threads.share', { threadId, with: 'cy' });
  expect(refused.data).toMatchObject({ reason: 'BAD_INPUT', details: { limit: 'maxSharesPerThread', max: 2 } });
  // One that is changed is no other.
  await share({ with: 'bob', access: 'write' });
  await unshare(id);
  await share({ with: 'cy' });
});

test('what is shared and taken back is in the audit log', async () => {
  const database = join(tempFolder(), 'v.db');
  const { share, unshare, threadId } = await sharedThread({ database });
  await unshare((await share({ with: 'bob', access: 'write' })).id);
  const raw = new (loadSqlite().Database)(database, { readonly: true });
  const rows = raw.prepare('select actor, action, target, outcome, details from audit_log order by id').all();
  raw.close();
  expect(rows.filter((row) => (row as { actor: string }).actor === 'ann')).toMatchObject([
    { actor: 'ann', action: 'threads.share', target: threadId, outcome: 'ok', details: expect.stringContaining('"with":"bob"') },
    { actor: 'ann', action: 'threads.unshare', target: threadId, outcome: 'ok' },
  ]);
});

test('who shares a thread has nobody asked again but those who hold something of it', async () => {
  const asked: string[] = [];
  const policy: Policy = (question, standard) => {
    asked.push(question.principal.id);
    return standard(question);
  };
  const server = await sharedThread({ policy });
  const { id: shareId } = await server.share({ with: 'cid', access: 'read' });
  const reader = await watching(server, 'cid');
  const ben = await server.as('ben');
  const { id: threadId }: { id: string } = await ben.call('mutation', 'threads.create', {});
  for (let count = 0; count < 20; count++) ben.watch('threads.watch', { threadId });
  await vi.waitFor(() => expect(server.server.stats.watches).toBe(22));
  await ben.call('query', 'agents.list');
  asked.length = 0;
  await server.share({ with: 'zoe', access: 'read' });
  const other: { id: string } = await server.owner.call('mutation', 'threads.create', {});
  await server.owner.call('mutation', 'threads.delete', { threadId: other.id });
  await server.unshare(shareId);
  expect(await reader.ended()).toEqual(['NOT_FOUND', 'NOT_FOUND']);
  expect(asked).toContain('cid');
  expect(asked).not.toContain('ben');
});

test('of many who read a thread by a share all end when it is taken back', async () => {
  const server = await sharedThread({ limits: { maxSubscriptionsPerSocket: 500 } });
  const { id: shareId } = await server.share({ with: 'cid', access: 'read' });
  const cid = await server.as('cid');
  const ids = Array.from({ length: 450 }, () => cid.watch('threads.watch', { threadId: server.threadId }));
  await vi.waitFor(() => expect(server.server.stats.watches).toBe(450), { timeout: 10_000 });
  await server.unshare(shareId);
  await vi.waitFor(() => expect(server.server.stats.watches).toBe(0), { timeout: 10_000 });
  const errors = await vi.waitFor(() => {
    const ended = cid.frames.filter(({ id, error }) => error !== undefined && ids.includes(Number(id)));
    expect(ended).toHaveLength(450);
    return ended;
  });
  expect(new Set(errors.map(({ error }) => error?.json.data.reason))).toEqual(new Set(['NOT_FOUND']));
});
