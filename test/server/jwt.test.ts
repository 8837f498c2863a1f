import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { type JwtOptions, jwt } from '../../src/server/auth/jwt.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { AUDIENCE, EC, forged, handSigned, ISSUER, OTHER_RSA, pemOf, RSA, SECRET, type TokenOptions, tokenAt } from './signedTokens.ts';
import { startServer } from './startServer.ts';
import { bearer, whoIs, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

const clock = createManualClock();
const NOW = clock.now();
const NOW_S = NOW / 1_000;
const EC_JWK = await exportJWK(EC.publicKey);
const usual = { secret: SECRET, issuer: ISSUER, audience: AUDIENCE };
const claims = { sub: 'ann', iss: ISSUER, aud: AUDIENCE, exp: NOW_S + 60 };

const serve = (options: Partial<JwtOptions> = {}) => startServer({ auth: [jwt({ ...usual, ...options })], clock });

describe('a token that is good', () => {
  test('says who it is, what it may, and when that ends', async () => {
    const { url, port } = await serve();
    const token = await tokenAt(NOW, {
      claims: { roles: ['premium', 7], scope: 'read write', tenant: 'acme', tier: 'gold', exp: NOW_S + 60 },
    });
    const me = {
      principal: { id: 'ann', roles: ['premium'], scopes: ['read', 'write'], tenant: 'acme', tier: 'gold' },
      expiresAt: NOW + 60_000,
      expiresInMs: 60_000,
    };
    expect(await whoIs(url, bearer(token))).toEqual(me);
    expect(await whoIsOnSocket({ port, params: { token } })).toEqual(me);
  });

  test('may have its roles and scopes as text, with spaces between them', async () => {
    const { url } = await serve();
    const token = async (given: object) => bearer(await tokenAt(NOW, { claims: { ...given, exp: NOW_S + 60 } }));
    expect(await whoIs(url, await token({ roles: 'admin' }))).toMatchObject({ principal: { roles: ['admin'] } });
    const both = { roles: ' user  ops', scopes: 'read write' };
    expect(await whoIs(url, await token(both))).toMatchObject({ principal: { roles: ['user', 'ops'], scopes: ['read', 'write'] } });
  });

  test('of an issuer with a tenant is of that tenant, whatever it says', async () => {
    const { url } = await serve({ tenant: 'partner' });
    const token = await tokenAt(NOW, { claims: { tenant: 'acme', exp: NOW_S + 60 } });
    expect(await whoIs(url, bearer(token))).toMatchObject({ principal: { id: 'ann', tenant: 'partner' } });
  });

  test.each<[name: string, options: Partial<JwtOptions>, token: TokenOptions]>([
    ['an RSA key in PEM', { publicKey: pemOf(RSA.publicKey) }, { key: RSA.privateKey, header: { alg: 'RS256' } }],
    [
      'an RSA key with another algorithm',
      { publicKey: pemOf(RSA.publicKey), algorithms: ['PS512'] },
      { key: RSA.privateKey, header: { alg: 'PS512' } },
    ],
    ['a curve as JWK', { publicKey: EC_JWK }, { key: EC.privateKey, header: { alg: 'ES256' } }],
    ['one of several audiences', { secret: SECRET, audience: ['a', AUDIENCE] }, { claims: { aud: ['x', AUDIENCE] } }],
    ['one of several issuers', { secret: SECRET, issuer: ['a', ISSUER] }, {}],
  ])('is taken by %s', async (_, { secret, ...options }, token) => {
    const { url } = await startServer({
      auth: [jwt({ issuer: ISSUER, audience: AUDIENCE, ...(secret !== undefined && { secret }), ...options })],
      clock,
    });
    expect(await whoIs(url, bearer(await tokenAt(NOW, token)))).toMatchObject({ principal: { id: 'ann' } });
  });

  test('is somebody else by a function of its claims, who lasts no longer than the token', async () => {
    const ends: Record<string, number | undefined> = { early: NOW + 5_000, late: NOW + 1e9, never: undefined };
    const { url } = await serve({
      principal: async ({ sub, email }) => {
        if (email === undefined) return undefined;
        const expiresAt = ends[String(sub)];
        return { id: String(email), ...(expiresAt !== undefined && { expiresAt }) };
      },
    });
    const who = async (sub: string, email?: string) => whoIs(url, bearer(await tokenAt(NOW, { claims: { sub, email, exp: NOW_S + 60 } })));
    expect(await who('early', 'e@x')).toMatchObject({ principal: { id: 'e@x' }, expiresInMs: 5_000 });
    expect(await who('late', 'l@x')).toMatchObject({ principal: { id: 'l@x' }, expiresInMs: 60_000 });
    expect(await who('never', 'n@x')).toMatchObject({ principal: { id: 'n@x' }, expiresInMs: 60_000 });
    expect(await who('ann')).toBe('401 UNAUTHENTICATED');
  });

  test('may be off by the tolerance, and ends so much later', async () => {
    const { url } = await serve({ clockToleranceMs: 5_000 });
    expect(await whoIs(url, bearer(await tokenAt(NOW, { claims: { exp: NOW_S - 4 } })))).toMatchObject({ expiresInMs: 1_000 });
    expect(await whoIs(url, bearer(await tokenAt(NOW, { claims: { exp: NOW_S - 5 } })))).toBe('401 UNAUTHENTICATED');
    expect(await whoIs(url, bearer(await tokenAt(NOW, { claims: { nbf: NOW_S + 5 } })))).toMatchObject({ principal: { id: 'ann' } });
    expect(await whoIs(url, bearer(await tokenAt(NOW, { claims: { nbf: NOW_S + 6 } })))).toBe('401 UNAUTHENTICATED');
  });
});

const secretOfPublicKey = new TextEncoder().encode(pemOf(RSA.publicKey));
const byRsa = { secret: undefined, publicKey: pemOf(RSA.publicKey) };
const attacks: [name: string, options: object, token: () => string | Promise<string>][] = [
  ['alg: none', {}, () => forged({ alg: 'none' }, claims)],
  ['alg: nOnE', {}, () => forged({ alg: 'nOnE' }, claims)],
  ['alg: none, and a signature', {}, async () => forged({ alg: 'none' }, claims, (await tokenAt(NOW)).split('.')[2])],
  ['alg: none of a public key', byRsa, () => forged({ alg: 'none' }, claims)],
  ['no alg at all', {}, () => forged({}, claims)],
  ['the public key as a secret', byRsa, () => tokenAt(NOW, { key: secretOfPublicKey, header: { alg: 'HS256' } })],
  ['another algorithm of the same secret', {}, () => tokenAt(NOW, { header: { alg: 'HS512' } })],
  ['another algorithm of the same key', byRsa, () => tokenAt(NOW, { key: RSA.privateKey, header: { alg: 'PS256' } })],
  ['another key', byRsa, () => tokenAt(NOW, { key: OTHER_RSA.privateKey, header: { alg: 'RS256' } })],
  [
    'a key that it brings along',
    byRsa,
    async () => tokenAt(NOW, { key: OTHER_RSA.privateKey, header: { alg: 'RS256', jwk: await exportJWK(OTHER_RSA.publicKey) } }),
  ],
  ['an extension that nobody knows', {}, () => handSigned({ alg: 'HS256', crit: ['x'], x: 1 }, claims)],
  ['claims that are not encoded', {}, () => handSigned({ alg: 'HS256', crit: ['b64'], b64: false }, claims)],
  ['a good signature of no algorithm', {}, () => handSigned({ alg: 'none' }, claims)],
  ['another secret', {}, () => tokenAt(NOW, { key: new TextEncoder().encode(`${SECRET}.`) })],
  ['a wrong audience', {}, () => tokenAt(NOW, { claims: { aud: 'other' } })],
  ['no audience', {}, () => tokenAt(NOW, { claims: { aud: undefined } })],
  ['a wrong issuer', {}, () => tokenAt(NOW, { claims: { iss: 'https://evil.example' } })],
  ['no issuer', {}, () => tokenAt(NOW, { claims: { iss: undefined } })],
  ['a time that is over', {}, () => tokenAt(NOW, { claims: { exp: NOW_S } })],
  ['no end', {}, () => tokenAt(NOW, { claims: { exp: undefined } })],
  ['an end that is no number', {}, () => tokenAt(NOW, { claims: { exp: String(NOW_S + 60) } })],
  ['a time to come', {}, () => tokenAt(NOW, { claims: { nbf: NOW_S + 1 } })],
  ['nobody it is of', {}, () => tokenAt(NOW, { claims: { sub: undefined } })],
  ['an empty name', {}, () => tokenAt(NOW, { claims: { sub: '' } })],
  [
    'a changed claim',
    {},
    async () =>
      (await tokenAt(NOW)).replace(/\..*\./, `.${Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')}.`),
  ],
  ['a part too few', {}, async () => (await tokenAt(NOW)).replace(/\.[^.]*$/, '')],
  ['a part too many', {}, async () => `${await tokenAt(NOW)}.x`],
  ['nothing but dots', {}, () => '..'],
  ['claims that are no object', {}, () => handSigned({ alg: 'HS256' }, ['ann'])],
  ['9 KB', {}, () => tokenAt(NOW, { claims: { pad: 'x'.repeat(9_000) } })],
];
test('what is signed by hand is as good as what is not', async () => {
  const { url } = await serve();
  expect(await whoIs(url, bearer(handSigned({ alg: 'HS256' }, claims)))).toMatchObject({ principal: { id: 'ann' } });
});

describe('a token with', () => {
  test.each(attacks)('%s is nobody: 401, and 4401', async (_, options, token) => {
    const { url, port } = await serve(options);
    const made = await token();
    expect(await whoIs(url, bearer(made))).toBe('401 UNAUTHENTICATED');
    expect(await whoIsOnSocket({ port, params: { token: made } })).toBe(4401);
  });
});

test('a token of 100 KB is refused unread, on a socket and in a header', async () => {
  let asked = 0;
  const { url, port } = await serve({ principal: () => void asked++ as never });
  const token = await tokenAt(NOW, { claims: { pad: 'x'.repeat(75_000) } });
  expect(token.length).toBeGreaterThan(100_000);
  expect(await whoIsOnSocket({ port, params: { token } })).toBe(4401);
  expect((await fetch(`${url}/trpc/auth.whoami`, { headers: bearer(token) })).status).toBe(431);
  expect(asked).toBe(0);
});

const pem = pemOf(RSA.publicKey);
const unsafe: [options: object, message: RegExp][] = [
  [{}, /one of `secret`, `publicKey` and `jwksUrl`/],
  [{ secret: SECRET, publicKey: pem }, /one of `secret`/],
  [{ secret: 'short' }, /at least 32 bytes for HS256/],
  [{ secret: SECRET, algorithms: ['HS512'] }, /at least 64 bytes for HS512/],
  [{ secret: pem }, /holds a key/],
  [{ secret: 7 }, /must be text or bytes/],
  [{ secret: SECRET, algorithms: ['RS256'] }, /fit its key. For this key: HS256/],
  [{ secret: SECRET, algorithms: ['none'] }, /fit its key/],
  [{ secret: SECRET, algorithms: [] }, /fit its key/],
  [{ publicKey: pem, algorithms: ['HS256'] }, /For this key: RS256/],
  [{ publicKey: pem, algorithms: ['RS256', 'HS256'] }, /For this key: RS256/],
  [{ publicKey: pemOf(EC.publicKey), algorithms: ['ES384'] }, /For this key: ES256/],
  [{ publicKey: String(RSA.privateKey.export({ format: 'pem', type: 'pkcs8' })) }, /private key/],
  [{ publicKey: await exportJWK(RSA.privateKey) }, /private key/],
  [{ publicKey: { kty: 'oct', k: 'AAAA' } }, /holds a secret/],
  [{ publicKey: '-----BEGIN NONSENSE-----' }, /no public key in PEM/],
  [{ jwksUrl: 'http://keys.example/jwks' }, /https/],
  [{ jwksUrl: 'http://localhost.evil.example/jwks' }, /https/],
  [{ jwksUrl: 'https://user:pass@keys.example/jwks' }, /https/],
  [{ jwksUrl: 'file:///etc/keys' }, /https/],
  [{ jwksUrl: 'https://keys.example/jwks', algorithms: ['HS256'] }, /For this key: RS256/],
  [{ secret: SECRET, issuer: undefined }, /`issuer` of jwt\(\)/],
  [{ secret: SECRET, issuer: [] }, /`issuer` of jwt\(\)/],
  [{ secret: SECRET, audience: '' }, /`audience` of jwt\(\)/],
  [{ secret: SECRET, clockToleranceMs: -1 }, /clockToleranceMs/],
  [{ secret: SECRET, clockToleranceMs: '5' }, /clockToleranceMs/],
  [{ secret: SECRET, principal: 'sub' }, /`principal` of jwt\(\)/],
  [{ secret: SECRET, audiense: 'x' }, /no option "audiense". Did you mean "audience"/],
];
test.each(unsafe)('options that are not safe are refused at once: %o', (options, message) => {
  const make = () => jwt({ issuer: ISSUER, audience: AUDIENCE, ...options } as JwtOptions);
  expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }));
});

test('why a token was refused is told at debug, with where it came from and by which request, and nothing of it', async () => {
  const lines: { message: string; fields: object }[] = [];
  const debug = (fields: object, message: string): void => void lines.push({ fields, message });
  const logger = { debug, info() {}, warn() {}, error() {} };
  const { url, port } = await startServer({ auth: [jwt(usual)], clock, logger, log: { level: 'debug' } });
  const refused: [reason: string, token: string][] = [
    ['expired', await tokenAt(NOW, { claims: { exp: NOW_S - 1 } })],
    ['bad signature', await tokenAt(NOW, { key: new TextEncoder().encode('y'.repeat(40)) })],
    ['issuer', await tokenAt(NOW, { claims: { iss: 'https://other.example' } })],
    ['audience', await tokenAt(NOW, { claims: { aud: 'another' } })],
    ['algorithm', await tokenAt(NOW, { header: { alg: 'HS512' }, key: new TextEncoder().encode('y'.repeat(64)) })],
    ['malformed', 'a.b.c'],
  ];
  for (const [index, [, token]] of refused.entries()) {
    expect(await whoIs(url, { ...bearer(token), 'x-request-id': `req-${index}` })).toBe('401 UNAUTHENTICATED');
  }
  const told = () => lines.filter(({ message }) => message === 'a token was refused').map(({ fields }) => fields);
  expect(told()).toEqual(
    refused.map(([reason], index) => expect.objectContaining({ method: 'jwt', reason, address: '127.0.0.1', requestId: `req-${index}` })),
  );
  expect(await whoIsOnSocket({ port, params: { token: refused[0]?.[1] ?? '' } })).toBe(4401);
  expect(told().at(-1)).toMatchObject({ reason: 'expired', address: '127.0.0.1', requestId: expect.stringMatching(/^req_/) });
  for (const [, token] of refused) expect(JSON.stringify(lines)).not.toContain(token);
});
