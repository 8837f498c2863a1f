import { describe, expect, test } from 'vitest';
import { createServer, defineAgent, offline, type Principal } from '../../src/index.ts';
import { idOfOwner, ownerOf } from '../../src/protocol/principal.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const seen: Principal[] = [];
const agents = {
  bot: defineAgent({
    description: '',
    run: async function* ({ principal }) {
      seen.push(principal);
      yield { type: 'text.delta', delta: 'ok' };
    },
  }),
  staff: defineAgent({ description: '', model: offline(), access: ['support'] }),
};

/** What a server makes of whom its `authenticate` gives. */
async function admitted(given: unknown, options: object = {}) {
  const lines: object[] = [];
  const log = (fields: object): void => void lines.push(fields);
  const server = await createServer({
    agents,
    authenticate: () => given as Principal,
    logger: { info: log, warn: log, error: log },
    ...options,
  });
  afterTest(() => server.close({ drainMs: 0 }));
  const { url } = await server.listen({ port: 0 });
  const ask = async (path: string, input?: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ json: input }) };
    const response = await fetch(`${url}/trpc/${path}`, input === undefined ? {} : init);
    const body = (await response.json()) as { result?: { data: { json: unknown } }; error?: { json: { data: { reason: string } } } };
    return { status: response.status, data: body.result?.data.json, reason: body.error?.json.data.reason };
  };
  return { ask, lines };
}

describe('a principal is nobody, and the operator is told why,', () => {
  test.each<[what: string, given: unknown, why: string]>([
    ['whose id is a number', { id: 42 }, 'The id of a principal must be text'],
    ['without an id', { roles: ['user'] }, 'The id of a principal must be text'],
    ['with an id that is too long', { id: 'x'.repeat(501) }, 'The id of a principal must be text of 1 to 500 characters'],
    ['with half a character in its id', { id: 'a\ud800' }, 'The id of a principal must be text'],
    ['whose roles are text', { id: 'ann', roles: 'admin' }, 'The roles of a principal must be a list'],
    ['with a role that is no text', { id: 'ann', roles: ['user', 1] }, 'The roles of a principal must be text'],
    ['whose scopes are text', { id: 'ann', scopes: 'read write' }, 'The scopes of a principal must be a list'],
    ['whose tenant is empty', { id: 'ann', tenant: '' }, 'The tenant of a principal must be text'],
    ['whose tenant is a number', { id: 'ann', tenant: 1 }, 'The tenant of a principal must be text'],
    ['whose tier is no text', { id: 'ann', tier: 1 }, 'The tier of a principal must be text'],
    ['that ends at a date', { id: 'ann', expiresAt: new Date(9e15) }, 'The expiresAt of a principal must be epoch milliseconds'],
    ['that ends at no number', { id: 'ann', expiresAt: Number.NaN }, 'The expiresAt of a principal must be epoch milliseconds'],
    ['with a claim that is no JSON', { id: 'ann', since: new Date(0) }, 'The claims of a principal, together, must hold only'],
    ['with claims without an end', { id: 'ann', all: 'x'.repeat(17_000) }, 'The claims of a principal, together, must have at most'],
    ['that is text', 'ann', 'A principal must be an object'],
  ])('%s', async (_, given, why) => {
    const { ask, lines } = await admitted(given);
    expect(await ask('agents.list')).toMatchObject({ status: 401, reason: 'UNAUTHENTICATED' });
    expect(lines).toMatchObject([{ method: 'custom', err: { message: expect.stringContaining(why) } }]);
  });
});

test('nothing but the claims of one reaches tools: no null, no guest, and what its roles give', async () => {
  const given = {
    id: 'ann',
    tenant: null,
    tier: undefined,
    roles: ['premium', 'clerk'],
    share: 'shr_1',
    plan: { seats: 3 },
    expiresAt: null,
  };
  const roles = { clerk: { scopes: ['orders.read'] } };
  const { ask } = await admitted(given, { roles });
  const { data } = await ask('messages.send', { agent: 'bot', text: 'hi' });
  await ask(`runs.wait?input=${encodeURIComponent(JSON.stringify({ json: data }))}`);
  expect(seen.at(-1)).toEqual({ id: 'ann', roles: ['premium', 'clerk'], tier: 'premium', scopes: ['orders.read'], plan: { seats: 3 } });
});

test.each([
  [
    { roles: { clerk: { tier: 'gold', scopes: ['a'] }, lead: { scopes: ['b', 'a'] } }, has: ['clerk', 'lead'] },
    { tier: 'gold', scopes: ['a', 'b'] },
  ],
  [
    { roles: { clerk: { tier: 'gold' } }, has: ['clerk', 'premium'], tier: 'own', scopes: ['c'] },
    { tier: 'own', scopes: ['c'] },
  ],
  [{ roles: { clerk: {} }, has: ['clerk', 'constructor', '__proto__'] }, {}],
])('roles give tier and scopes where the principal has none of its own: %o', async ({ roles, has, ...own }, expected) => {
  const { ask } = await admitted({ id: 'ann', roles: has, ...own }, { roles });
  const { data } = await ask('messages.send', { agent: 'bot', text: 'hi' });
  await ask(`runs.wait?input=${encodeURIComponent(JSON.stringify({ json: data }))}`);
  expect(seen.at(-1)).toEqual({ id: 'ann', roles: has, ...expected });
});

test.each([
  [{ support: { tread: 'read' } }, 'roles.support'],
  [{ support: { threads: 'all' } }, 'roles.support.threads'],
  [{ admin: {} }, "the server's own"],
  ['support', 'roles'],
])('a server does not start with roles that mean nothing: %o', async (roles, message) => {
  await expect(createServer({ agents, roles: roles as never })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  });
});

test('no two principals have one name for what is theirs, and it gives back the id', () => {
  const parts = ['a', '@a', '@@a', '/a', 'a/b', '@a/b', ':a', '@:a', '@/a', '%40a', 'a@b', '%'];
  const principals: Principal[] = [
    ...parts.map((id) => ({ id })),
    ...parts.flatMap((id) => parts.map((tenant) => ({ id, tenant }))),
    ...parts.map((share) => ({ id: 'guest', share: `shr_${share}` })),
  ];
  expect(new Set(principals.map(ownerOf)).size).toBe(principals.length);
  for (const principal of principals.filter(({ share }) => share === undefined)) expect(idOfOwner(ownerOf(principal))).toBe(principal.id);
  // Guests of one link are one.
  expect(ownerOf({ id: 'guest_1', share: 'shr_1', tenant: 'acme' })).toBe(ownerOf({ id: 'guest_2', share: 'shr_1', tenant: 'acme' }));
});
