import { expect, test, vi } from 'vitest';
import type { WhoAmI } from '../../src/protocol/whoAmI.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { createManualClock, type ManualClock } from '../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';
import { bearer, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

/** A token is `id:seconds:role`, good for so long from when the test began. */
function tokens(clock: ManualClock) {
  const begunAt = clock.now();
  return custom(({ token }) => {
    const [id = '', seconds = '', role = 'user'] = token?.split(':') ?? [];
    return id === '' || seconds === '' ? undefined : { id, roles: [role], expiresAt: begunAt + Number(seconds) * 1_000 };
  });
}

async function serve() {
  const clock = createManualClock();
  return { clock, ...(await startServer({ auth: [tokens(clock)], clock, cookie: true })) };
}

test('a newer token changes who every call and every watch on the socket is by, and its end is the end of them', async () => {
  const { clock, port, server } = await serve();
  const socket = await openRaw({ port, params: { token: 'ann:60' } });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  const watch = socket.watch('threads.watch', { threadId });
  await vi.waitFor(() => expect(server.stats.watches).toBe(1));
  await clock.advance(50_000);
  const renewed: WhoAmI = await socket.call('mutation', 'auth.renew', { token: 'ann:120:premium' });
  expect(renewed).toEqual({
    principal: { id: 'ann', roles: ['premium'], tier: 'premium' },
    expiresAt: expect.any(Number),
    expiresInMs: 70_000,
  });
  expect(await socket.call('query', 'auth.whoami')).toEqual(renewed);

  await clock.advance(60_000);
  await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '2 1' });
  await socket.until(watch, 'run.completed');
  await clock.advance(10_000);
  expect(await socket.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
  expect(socket.frames.filter(({ id, error }) => id === watch && error !== undefined)).toMatchObject([
    { error: { json: { data: { reason: 'UNAUTHENTICATED' } } } },
  ]);
});

test.each([
  ['of another principal', { token: 'bob:120' }],
  ['that is not good', { token: 'nonsense' }],
  ['that has expired', { token: 'ann:-1' }],
  ['that is empty', { token: '' }],
  ['of 100 KB', { token: `ann:120:${'x'.repeat(100_000)}` }],
  ['for a ticket that there is not', { ticket: 'ann:120' }],
])('a token %s is NOT_ALLOWED, and the socket goes on with the one it has', async (_, input) => {
  const { port } = await serve();
  const socket = await openRaw({ port, params: { token: 'ann:60' } });
  const before = await socket.call('query', 'auth.whoami');
  expect((await socket.error('mutation', 'auth.renew', input)).data).toMatchObject({ reason: 'NOT_ALLOWED', httpStatus: 403 });
  expect(await socket.call('query', 'auth.whoami')).toEqual(before);
});

test.each([{}, { token: 'a', ticket: 'b' }, { token: 7 }])('%j is BAD_INPUT', async (input) => {
  const { port } = await serve();
  const socket = await openRaw({ port, params: { token: 'ann:60' } });
  expect((await socket.error('mutation', 'auth.renew', input)).data).toMatchObject({ reason: 'BAD_INPUT' });
});

test('a socket that came by a cookie is renewed by a ticket that a newer cookie asked for', async () => {
  const { clock, port, url } = await serve();
  const cookie = (token: string) => ({ cookie: `__Host-verbatim=${encodeURIComponent(token)}`, origin: url });
  const socket = await openRaw({ port, headers: cookie('ann:60') });
  await socket.call('query', 'auth.whoami');
  await clock.advance(59_000);
  const headers = { ...cookie('ann:120'), 'content-type': 'application/json' };
  const answer = await fetch(`${url}/trpc/auth.ticket`, { method: 'POST', headers, body: '{}' });
  const { ticket } = (await answer.json()).result.data.json;
  expect(await socket.call('mutation', 'auth.renew', { ticket })).toMatchObject({ expiresInMs: 61_000 });
  expect((await socket.error('mutation', 'auth.renew', { ticket })).data.reason).toBe('NOT_ALLOWED');
});

test('a socket whose authority has ended is not renewed', async () => {
  const { clock, port } = await serve();
  const socket = await openRaw({ port, params: { token: 'ann:60' } });
  await socket.call('query', 'auth.whoami');
  await clock.advance(60_000);
  const late = socket.request('mutation', 'auth.renew', { token: 'ann:120' });
  expect((await socket.closed).code).toBe(4401);
  expect(socket.frames.filter(({ id, result }) => id === late && result !== undefined)).toEqual([]);
});

test('over HTTP there is nothing to renew', async () => {
  const { url } = await serve();
  const headers = { ...bearer('ann:60'), 'content-type': 'application/json' };
  const response = await fetch(`${url}/trpc/auth.renew`, { method: 'POST', headers, body: '{"json":{"token":"ann:120"}}' });
  expect([response.status, (await response.json()).error.json.data.reason]).toEqual([400, 'BAD_INPUT']);
});

test('who has no end and no roles is told so, and nothing of its claims', async () => {
  const { port } = await startServer({
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token, email: 'a@example.com' }),
  });
  expect(await whoIsOnSocket({ port, params: { token: 'ann' } })).toEqual({ principal: { id: 'ann', roles: [] } });
  const open = await startServer();
  expect(await whoIsOnSocket({ port: open.port })).toEqual({ principal: { id: 'local', roles: ['admin'] } });
});
