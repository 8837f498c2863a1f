import { expect, test, vi } from 'vitest';
import type { Principal } from '../../src/protocol/principal.ts';
import type { AuthMethod } from '../../src/server/auth/authMethod.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { upload } from '../support/rawUpload.ts';
import { byToken, startServer } from './startServer.ts';
import { bearer, whoIs, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

async function ask(url: string, headers: Record<string, string> = bearer('ann')) {
  const response = await fetch(`${url}/trpc/auth.ticket`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error.json.data.reason);
  return body.result.data.json as { readonly ticket: string; readonly expiresAt: number };
}

test('a ticket opens one socket, one stream or one download, and nothing more', async () => {
  const { url, port } = await startServer({ authenticate: byToken });
  const { file } = await upload({ port, headers: bearer('ann') }, 'mine');
  const watching: { id: string } = await (await openRaw({ port, params: { token: 'ann' } })).call('mutation', 'threads.create', {});
  const input = encodeURIComponent(JSON.stringify({ json: { threadId: watching.id, snapshot: true } }));

  const socket = `/trpc?ticket=${(await ask(url)).ticket}`;
  expect(await whoIsOnSocket({ port, path: socket })).toMatchObject({ principal: { id: 'ann' } });
  expect(await whoIsOnSocket({ port, path: socket })).toBe(4401);

  const stream = `${url}/trpc/threads.watch?input=${input}&ticket=${(await ask(url)).ticket}`;
  const open = await fetch(stream);
  expect([open.status, open.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/event-stream')]);
  expect((await fetch(stream)).status).toBe(401);
  await open.body?.cancel();

  const download = `${url}/files/${file.id}?ticket=${(await ask(url)).ticket}`;
  expect(await (await fetch(download)).text()).toBe('mine');
  expect((await fetch(download)).status).toBe(401);
});

test('a ticket is no token, and is not taken where one can be sent', async () => {
  const { url, port } = await startServer({ auth: [custom(({ token }) => (token === 'ann' ? { id: 'ann' } : undefined))] });
  const { ticket } = await ask(url);
  expect(await whoIs(url, bearer(ticket))).toBe('401 UNAUTHENTICATED');
  expect(await whoIsOnSocket({ port, params: { token: ticket } })).toBe(4401);
  const command = await fetch(`${url}/trpc/threads.create?ticket=${ticket}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"json":{}}',
  });
  expect(command.status).toBe(401);
  // None of these has used it.
  expect(await whoIs(url, {}, `?ticket=${ticket}`)).toMatchObject({ principal: { id: 'ann' } });
  await expect(ask(url, {})).rejects.toThrow('UNAUTHENTICATED');
});

test('a ticket is good for thirty seconds', async () => {
  const clock = createManualClock();
  const { url, port } = await startServer({ authenticate: byToken, clock });
  const [first, second] = [await ask(url), await ask(url)];
  expect(first.expiresAt).toBe(clock.now() + 30_000);
  await clock.advance(29_999);
  expect(await whoIsOnSocket({ port, path: `/trpc?ticket=${first.ticket}` })).toMatchObject({ principal: { id: 'ann' } });
  await clock.advance(1);
  expect(await whoIsOnSocket({ port, path: `/trpc?ticket=${second.ticket}` })).toBe(4401);
});

test('a ticket stands for who its caller is now: it ends with the token, and a token that was revoked has none', async () => {
  const clock = createManualClock();
  let role: string | undefined = 'user';
  const now = (): Principal | undefined => (role === undefined ? undefined : { id: 'ann', roles: [role], expiresAt: clock.now() + 20_000 });
  const method: AuthMethod = {
    name: 'own',
    open: () => ({
      identify: () => {
        const principal = now();
        return principal && { principal, method: 'own', lookAgain: now };
      },
    }),
  };
  const { url, port } = await startServer({ auth: [method], clock });
  const [first, second, third] = [await ask(url), await ask(url), await ask(url)];
  role = 'admin';
  expect(await whoIsOnSocket({ port, path: `/trpc?ticket=${first.ticket}` })).toMatchObject({
    principal: { roles: ['admin'] },
    expiresInMs: 20_000,
  });
  role = undefined;
  expect(await whoIsOnSocket({ port, path: `/trpc?ticket=${second.ticket}` })).toBe(4401);
  role = 'user';
  vi.spyOn(clock, 'now').mockImplementation(() => Number.NaN);
  expect(await whoIsOnSocket({ port, path: `/trpc?ticket=${third.ticket}` })).toBe(4401);
  vi.restoreAllMocks();
});

test('a principal with all of its tickets loses the oldest', async () => {
  const { url } = await startServer({ authenticate: byToken });
  const tickets = [await ask(url, bearer('bob'))];
  for (let count = 0; count < 21; count++) tickets.push(await ask(url));
  const [bob, oldest, next] = tickets;
  expect(await whoIs(url, {}, `?ticket=${oldest?.ticket}`)).toBe('401 UNAUTHENTICATED');
  expect(await whoIs(url, {}, `?ticket=${next?.ticket}`)).toMatchObject({ principal: { id: 'ann' } });
  expect(await whoIs(url, {}, `?ticket=${bob?.ticket}`)).toMatchObject({ principal: { id: 'bob' } });
});

test('with as many tickets as allowed, one more is SERVER_FULL until one is used', async () => {
  const clock = createManualClock();
  const { url } = await startServer({ authenticate: byToken, clock, limits: { maxTickets: 2 } });
  const { ticket } = await ask(url, bearer('ann'));
  await ask(url, bearer('bob'));
  await expect(ask(url, bearer('eve'))).rejects.toThrow('SERVER_FULL');
  await whoIs(url, {}, `?ticket=${ticket}`);
  await ask(url, bearer('eve'));
  await expect(ask(url, bearer('ann'))).rejects.toThrow('SERVER_FULL');
  await clock.advance(30_000);
  await ask(url, bearer('ann'));
});
