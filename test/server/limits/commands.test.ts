import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import type { RawSocket } from '../../support/rawSocket.ts';
import { as, boundedServer, send } from './boundedServer.ts';

checkLeaksAfterwards();

/** How many commands are given before one is refused, and how that is refused. */
async function giveUntilRefused(socket: RawSocket, atMost = 20) {
  for (let given = 0; given < atMost; given++) {
    const { result, error } = await socket.answer(socket.request('mutation', 'threads.create', {}));
    if (result === undefined) return { given, refusal: error?.json.data };
  }
  return { given: atMost, refusal: undefined };
}

test.each([
  ['commandsPerMinute', 60_000],
  ['commandsPerHour', 3_600_000],
] as const)('a principal gives as many commands as %s, and then has to wait for the rest of it', async (limit, windowMs) => {
  const clock = createManualClock();
  const { port } = await boundedServer({ clock, limits: { [limit]: 5 } });
  const ann = await as(port, 'ann');
  await ann.call('mutation', 'threads.create', {});
  await clock.advance(20_000);
  expect(await giveUntilRefused(ann)).toMatchObject({
    given: 4,
    refusal: {
      reason: 'RATE_LIMITED',
      httpStatus: 429,
      retryable: true,
      details: { limit, max: 5, windowMs, retryAfterMs: windowMs - 20_000 },
    },
  });
  expect((await giveUntilRefused(await as(port, 'ann'))).given).toBe(0);
  expect((await giveUntilRefused(await as(port, 'ben'))).given).toBe(5);
  await clock.advance(windowMs - 20_001);
  expect((await giveUntilRefused(ann)).given).toBe(0);
  await clock.advance(1);
  expect((await giveUntilRefused(ann)).given).toBe(5);
});

test('commands of all kinds count together over all transports, refused ones too; messages and calls that only read do not', async () => {
  const { port, url } = await boundedServer({ limits: { commandsPerMinute: 4, messagesPerMinute: 100 } });
  const ann = await as(port, 'ann');
  for (let count = 0; count < 6; count++) await send(ann);
  for (let count = 0; count < 6; count++) await ann.call('query', 'threads.list');
  const headers = { authorization: 'Bearer ann', 'content-type': 'application/json' };
  const overHttp = () => fetch(`${url}/trpc/auth.ticket`, { method: 'POST', headers });
  const { id: threadId }: { id: string } = await ann.call('mutation', 'threads.create', { idempotencyKey: 'one' });
  expect((await ann.error('mutation', 'threads.update', { threadId: 'thread_none', title: 'x' })).data.reason).toBe('NOT_FOUND');
  await ann.call('mutation', 'threads.update', { threadId, title: 'x' });
  expect((await overHttp()).status).toBe(200);
  const refused = await overHttp();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('ratelimit-policy')).toContain('commandsPerMinute');
  await send(ann);
});

test('a tier has as many as it says', async () => {
  const { port } = await boundedServer({ limits: { commandsPerMinute: 2 }, tiers: { trial: { commandsPerMinute: 1 } } });
  expect((await giveUntilRefused(await as(port, 'tom/trial'))).given).toBe(1);
  expect((await giveUntilRefused(await as(port, 'uma/other'))).given).toBe(2);
});
