import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInputs } from '../../src/protocol/inputs.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { createHttpApp, type HttpOptions } from '../../src/server/httpApp.ts';
import { appRouter } from '../../src/server/routers/router.ts';
import type { Services } from '../../src/server/services.ts';
import { type Caller, type Ids, ROUTES, ROWS, type Row, VARIANTS } from './rows.ts';
import { type Scene, Stage } from './scene.ts';

const UNKNOWN: Ids = {
  threadId: 'thread_nope',
  runId: 'run_nope',
  messageId: 'msg_nope',
  fileId: 'file_nope',
  callId: 'call_nope',
  clientCallId: 'call_nope',
  shareId: 'shr_nope',
  secret: 'vblink_nope',
};

let stage: Stage;
/** For calls that change nothing. */
let shared: Scene;
beforeAll(async () => {
  stage = await Stage.open();
  shared = await stage.scene();
});
afterAll(() => stage.close());

function routerAlone() {
  // No other service is used before a call.
  return appRouter({ agents: {}, limits: DEFAULT_LIMITS, inputs: createInputs(DEFAULT_LIMITS) } as unknown as Services);
}

test('every procedure has a row that says who may call it', () => {
  expect(Object.keys(routerAlone()._def.procedures).sort()).toEqual(Object.keys(ROWS).sort());
});

test('every HTTP route has one', async () => {
  const app = await createHttpApp({
    router: routerAlone(),
    limits: DEFAULT_LIMITS,
    authenticator: {},
    metrics: {},
    console: true,
  } as unknown as HttpOptions);
  await app.ready();
  const served = routesOf(app.printRoutes({ commonPrefix: false })).filter((route) => !/^(HEAD|OPTIONS) | \/trpc|\*$/.test(route));
  await app.close();
  expect(served.sort()).toEqual(Object.keys(ROUTES).sort());
});

/** Fastify prints its routes as a tree, four characters a level. */
function routesOf(tree: string): string[] {
  const parts: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part, methods] = /^(.*)── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (part === undefined) return [];
    parts.splice((indent.length / 4) | 0, parts.length, part);
    return (methods ?? '').split(', ').flatMap((method) => (method === '' ? [] : [`${method} ${parts.join('')}`]));
  });
}

const TABLE = [...Object.entries(ROWS).map(([path, row]) => ({ path, ...row })), ...VARIANTS].map((row) => ({
  ...row,
  name: 'what' in row ? `${row.path} ${row.what}` : row.path,
}));

test.each(TABLE)('$name', async ({ path, kind, input, cells, quiet }) => {
  const outcomes: Record<string, string> = {};
  for (const caller of Object.keys(cells) as Caller[]) {
    const changes = kind === 'mutation' && cells[caller] === 'ok';
    const scene = changes ? await stage.scene() : shared;
    const { error } = await stage.call(kind, path, { input: input?.(scene), token: scene.tokens[caller], quiet });
    outcomes[caller] = error?.data.reason ?? 'ok';
  }
  expect(outcomes).toEqual(cells);
});

const NAMING = TABLE.filter(({ cells }) => cells.other === 'NOT_FOUND');

test.each(NAMING)("$name of another's is refused in the words for what does not exist, and changes nothing", async (row) => {
  const before = await stage.get<object>('query', 'threads.get', { threadId: shared.threadId }, 'owner');
  for (const token of ['other', 'otherTenant']) {
    const refused = await ask(row, shared, token);
    expect(refused).toEqual(await ask(row, UNKNOWN, token));
    expect(refused?.data).toMatchObject({ code: 'NOT_FOUND', reason: 'NOT_FOUND', httpStatus: 404 });
    // With a cursor, an idempotency key or a page token it is the same.
    const { error } = await stage.call(row.kind, row.path, {
      input: { ...row.input?.(shared), idempotencyKey: 'k', lastEventId: '999999' },
      token,
    });
    expect(error).toEqual(refused);
  }
  expect(await stage.get('query', 'threads.get', { threadId: shared.threadId }, 'owner')).toEqual(before);
});

async function ask({ path, kind, input }: Row & { readonly path: string }, ids: Ids, token: string) {
  const { error } = await stage.call(kind, path, { input: input?.(ids), token });
  return error;
}

test.each(Object.entries(ROUTES))('%s', async (route, { path, body, cells }) => {
  const outcomes: Record<string, string> = {};
  for (const caller of Object.keys(cells) as Caller[]) outcomes[caller] = await outcomeOf(route, path(shared), { body, caller });
  expect(outcomes).toEqual(cells);
  if (cells.other === 'NOT_FOUND') expect(await textOf(route, path(shared), 'other')).toBe(await textOf(route, path(UNKNOWN), 'other'));
});

function request(route: string, path: string, { body, caller }: { body?: string | undefined; caller: Caller }): Promise<Response> {
  const token = shared.tokens[caller];
  return fetch(`${stage.url}${path}`, {
    method: route.split(' ', 1)[0] ?? 'GET',
    headers: { 'content-type': 'text/plain', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body }),
  });
}

async function outcomeOf(route: string, path: string, options: { body?: string | undefined; caller: Caller }): Promise<string> {
  const response = await request(route, path, options);
  if (response.ok) return 'ok';
  const { error } = (await response.json()) as { error: string | { json: { data: { reason: string } } } };
  // OAuth has errors of its own.
  return typeof error === 'string' ? error : error.json.data.reason;
}

async function textOf(route: string, path: string, caller: Caller): Promise<string> {
  return (await request(route, path, { caller })).text();
}

describe('a list holds', () => {
  test.each(['threads.list', 'runs.list', 'approvals.list', 'files.list'])("nothing of another's: %s", async (path) => {
    for (const token of ['other', 'otherTenant', 'reader']) {
      const { items } = await stage.get<{ items: { threadId?: string; id: string }[] }>('query', path, {}, token);
      const others = items.filter((row) => [row.id, row.threadId].includes(shared.threadId) || row.id === shared.fileId);
      // What is shared may be asked for, and approvals of it are there to be decided.
      expect(others).toHaveLength(token === 'reader' && path === 'approvals.list' ? 1 : 0);
    }
    expect((await stage.get<{ items: unknown[] }>('query', path, {}, 'owner')).items.length).toBeGreaterThan(0);
  });

  test('all threads for an administrator, and those of its tenant for one of a tenant', async () => {
    const ids = async (token: string, tenant: string) => {
      const { id } = await stage.get<{ id: string }>('mutation', 'threads.create', {}, tenant);
      const { items } = await stage.get<{ items: { id: string }[] }>('query', 'threads.list', { all: true, limit: 1_000 }, token);
      return [items.some((row) => row.id === shared.threadId), items.some((row) => row.id === id)];
    };
    expect(await ids('admin', 'otherTenant')).toEqual([true, true]);
    expect(await ids('otherTenant', 'otherTenant')).toEqual([false, true]);
  });
});

test("another's idempotency key is no key to what it made", async () => {
  const first = await stage.get<{ id: string }>('mutation', 'threads.create', { title: 'a', idempotencyKey: 'same' }, 'owner');
  // Another tenant's principal has the same id.
  for (const token of ['other', 'otherTenant']) {
    const second = await stage.get<{ id: string }>('mutation', 'threads.create', { title: 'b', idempotencyKey: 'same' }, token);
    expect(second.id).not.toBe(first.id);
  }
});
