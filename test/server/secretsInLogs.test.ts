import { Writable } from 'node:stream';
import pino from 'pino';
import { expect, test } from 'vitest';
import { mcpServer } from '../../src/mcp/index.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { jwt } from '../../src/server/auth/jwt.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { AUDIENCE, ISSUER, SECRET, tokenAt } from './signedTokens.ts';
import { startServer } from './startServer.ts';
import { bearer, whoIs, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

test('no token, no ticket and no cookie is in a log, however it came and whatever became of it', async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const failing = custom(({ token }) => {
    if (token === 'opaque-secret-token') throw new Error('the directory is away');
    return undefined;
  });
  const { url, port } = await startServer({
    auth: [failing, jwt({ secret: SECRET, issuer: ISSUER, audience: AUDIENCE })],
    cookie: true,
    mcp: mcpServer(),
    logger: pino({ level: 'trace' }, sink),
  });
  const good = await tokenAt(Date.now());
  const expired = await tokenAt(Date.now() - 1e9);
  for (const token of [good, expired, 'opaque-secret-token']) {
    const cookie = { cookie: `__Host-verbatim=${token}`, origin: url };
    await whoIs(url, bearer(token));
    await whoIs(url, { 'x-api-key': token });
    await whoIs(url, cookie);
    await whoIs(url, {}, `?token=${token}`);
    await whoIsOnSocket({ port, params: { token } });
    await whoIsOnSocket({ port, headers: cookie });
    for (const path of ['/auth/cookie', '/mcp', '/files', '/nothing', '/%E0%A4%A']) {
      await (await fetch(`${url}${path}?ticket=${token}`, { method: 'POST', headers: bearer(token), body: '{' })).text();
    }
    await (await fetch(`${url}/trpc/threads.watch?input=%7B&ticket=${token}`, { headers: bearer(token) })).text();
  }
  const socket = await openRaw({ port, params: { token: good } });
  const { ticket }: { ticket: string } = await socket.call('mutation', 'auth.ticket');
  await socket.error('mutation', 'auth.renew', { token: expired });
  await socket.error('mutation', 'auth.renew', { token: 'opaque-secret-token' });
  await whoIs(url, {}, `?ticket=${ticket}`);
  await whoIs(url, {}, `?ticket=${ticket}`);
  await whoIsOnSocket({ port, path: `/trpc?ticket=${ticket}` });

  const log = lines.join('');
  // It is told that it failed, and not for whom.
  expect(log).toContain('the directory is away');
  for (const secret of [good, expired, 'opaque-secret-token', ticket, SECRET]) expect(log).not.toContain(secret);
});
