import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import { expect, test, vi } from 'vitest';
import { jwt } from '../../src/server/auth/jwt.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { AUDIENCE, ISSUER, OTHER_RSA, RSA, tokenAt } from './signedTokens.ts';
import { startServer } from './startServer.ts';
import { series } from './telemetry/series.ts';
import { bearer, whoIs, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

type KeyPair = typeof RSA;
const MINUTE = 60_000;

/** Publishes keys, and counts how often it was asked for them. */
async function issuer(...published: [kid: string, pair: KeyPair][]) {
  const state = { keys: published, asked: 0, answer: undefined as ((respond: (status: number, body: string) => void) => void) | undefined };
  const http: Server = createServer(async (_request, response) => {
    state.asked += 1;
    const respond = (status: number, body: string): void => void response.writeHead(status, { connection: 'close' }).end(body);
    if (state.answer !== undefined) return state.answer(respond);
    const keys = await Promise.all(state.keys.map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid, use: 'sig' })));
    respond(200, JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    http.closeAllConnections();
    http.close();
  });
  return Object.assign(state, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks` });
}

async function serve(jwksUrl: string, options: Partial<ServerOptions> = {}) {
  const clock = createManualClock();
  const errors: unknown[] = [];
  const logger = { info() {}, warn: (fields: object) => void errors.push(fields), error: (fields: object) => void errors.push(fields) };
  const { url, port } = await startServer({ auth: [jwt({ jwksUrl, issuer: ISSUER, audience: AUDIENCE })], clock, logger, ...options });
  const token = (kid: string, { privateKey }: KeyPair, claims = {}) =>
    tokenAt(clock.now(), { key: privateKey, header: { alg: 'RS256', kid }, claims });
  const who = async (kid: string, pair: KeyPair) => {
    const answer = await whoIs(url, bearer(await token(kid, pair)));
    return typeof answer === 'string' ? answer : answer.principal.id;
  };
  return { clock, url, port, token, who, errors };
}

test('keys are fetched once for all tokens, again when they are old, and a key that was taken away is refused', async () => {
  const keys = await issuer(['a', RSA]);
  const { who, clock } = await serve(keys.url);
  expect(await Promise.all([who('a', RSA), who('a', RSA), who('a', RSA)])).toEqual(['ann', 'ann', 'ann']);
  expect(keys.asked).toBe(1);
  await clock.advance(9 * MINUTE);
  expect(await who('a', RSA)).toBe('ann');
  expect(keys.asked).toBe(1);
  keys.keys = [['b', OTHER_RSA]];
  await clock.advance(MINUTE);
  // The one at hand is used while the new ones are fetched.
  expect(await who('a', RSA)).toBe('ann');
  await vi.waitFor(async () => expect(await who('a', RSA)).toBe('401 UNAUTHENTICATED'));
  expect(keys.asked).toBe(2);
  expect(await who('b', OTHER_RSA)).toBe('ann');
});

test('a key that is new is fetched when it is first used, and keys that are not there make us fetch once in ten seconds', async () => {
  const keys = await issuer(['a', RSA]);
  const { who, clock, port, token } = await serve(keys.url);
  expect(await who('a', RSA)).toBe('ann');
  await clock.advance(10_000);
  keys.keys.push(['b', OTHER_RSA]);
  expect(await who('b', OTHER_RSA)).toBe('ann');
  expect(keys.asked).toBe(2);
  for (let index = 0; index < 20; index++) expect(await who(`made-up-${index}`, OTHER_RSA)).toBe('401 UNAUTHENTICATED');
  expect(await whoIsOnSocket({ port, params: { token: await token('made-up', OTHER_RSA) } })).toBe(4401);
  expect(keys.asked).toBe(2);
  await clock.advance(10_000);
  await Promise.all(Array.from({ length: 20 }, (_, index) => who(`made-up-${index}`, OTHER_RSA)));
  expect(keys.asked).toBe(3);
  expect(await who('a', OTHER_RSA)).toBe('401 UNAUTHENTICATED');
});

test.each<[name: string, answer: (respond: (status: number, body: string) => void) => void]>([
  ['fails', (respond) => respond(500, 'oops')],
  ['answers no set of keys', (respond) => respond(200, '{"keys":7}')],
  ['answers no JSON', (respond) => respond(200, '<html>')],
  ['answers without end', (respond) => respond(200, `{"keys":[],"pad":"${'x'.repeat(600_000)}"}`)],
  ['sends us elsewhere', (respond) => respond(302, '')],
])('while the issuer %s callers are told to come again, and it is left in peace', async (_, answer) => {
  const keys = await issuer(['a', RSA]);
  keys.answer = answer;
  const { who, clock, port, token, errors } = await serve(keys.url);
  expect(await Promise.all([who('a', RSA), who('a', RSA)])).toEqual(['503 AUTH_UNAVAILABLE', '503 AUTH_UNAVAILABLE']);
  expect(await who('b', RSA)).toBe('503 AUTH_UNAVAILABLE');
  // Not 4401: the SDK would stop.
  expect(await whoIsOnSocket({ port, params: { token: await token('a', RSA) } })).toBe(1011);
  expect(keys.asked).toBe(1);
  await clock.advance(1_000);
  expect(await who('a', RSA)).toBe('503 AUTH_UNAVAILABLE');
  expect(keys.asked).toBe(2);
  await clock.advance(1_999);
  expect(await who('a', RSA)).toBe('503 AUTH_UNAVAILABLE');
  expect(keys.asked).toBe(2);
  keys.answer = undefined;
  await clock.advance(1);
  expect(await who('a', RSA)).toBe('ann');
  expect(errors.length).toBeGreaterThan(0);
  expect(JSON.stringify(errors)).not.toContain(await token('a', RSA));
});

test('an outage is no failed login, uses up no attempts of its address, and is told once a minute', async () => {
  const keys = await issuer(['a', RSA]);
  keys.answer = (respond) => respond(500, 'oops');
  const { who, clock, port, url, token, errors } = await serve(keys.url, { limits: { handshakesPerMinute: 5 } });
  for (let n = 0; n < 8; n++) {
    expect(await who('a', RSA)).toBe('503 AUTH_UNAVAILABLE');
    await clock.advance(4_000);
  }
  expect(await whoIsOnSocket({ port, params: { token: await token('a', RSA) } })).toBe(1011);
  expect(keys.asked).toBeGreaterThan(2);
  expect(errors).toHaveLength(1);
  await clock.advance(MINUTE);
  await who('a', RSA);
  expect(errors).toHaveLength(2);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect([...series(metrics).keys()].filter((name) => name.startsWith('verbatim_failed_logins_total'))).toEqual([]);
  keys.answer = undefined;
  await clock.advance(MINUTE);
  expect(await who('a', RSA)).toBe('ann');
});

test('while it is down the keys at hand are used for an hour, and no longer', async () => {
  const keys = await issuer(['a', RSA]);
  const { who, clock } = await serve(keys.url);
  expect(await who('a', RSA)).toBe('ann');
  keys.answer = (respond) => respond(503, '');
  await clock.advance(59 * MINUTE);
  expect(await who('a', RSA)).toBe('ann');
  await vi.waitFor(() => expect(keys.asked).toBe(2));
  await clock.advance(MINUTE);
  expect(await who('a', RSA)).toBe('503 AUTH_UNAVAILABLE');
});

test('a server that closes does not wait for an issuer that does not answer', async () => {
  const keys = await issuer(['a', RSA]);
  keys.answer = () => {};
  const { url, token } = await serve(keys.url);
  const asked = fetch(`${url}/trpc/auth.whoami`, { headers: bearer(await token('a', RSA)) }).catch(() => undefined);
  await vi.waitFor(() => expect(keys.asked).toBe(1));
  afterTest(async () => void (await asked));
});
