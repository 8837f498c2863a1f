import { expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { MAX_AUDIT_SCAN } from '../../src/db/operations/listAudit.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import { sqliteStore } from '../../src/db/sqliteStore.ts';
import type { AuditInfo } from '../../src/protocol/accounts.ts';
import type { Page } from '../../src/protocol/procedures.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { startAccounts } from './auth/startAccounts.ts';

checkLeaksAfterwards();

test('an administrator reads the audit log, newest first, in pages and by filters', async () => {
  const { root, createUser } = await startAccounts();
  const [ann, bob] = [await createUser('ann'), await createUser('bob')];
  await root.call('mutation', 'admin.users.disable', { userId: ann.id });
  await root.error('mutation', 'admin.users.disable', { userId: 'nobody' });
  const list = (filter: object = {}): Promise<Page<AuditInfo>> => root.call('query', 'admin.audit.list', filter);
  const { items } = await list();
  // What failed names nobody, and is the newest.
  expect(items.slice(0, 3)).toMatchObject([
    { actor: 'root', action: 'users.disable', outcome: 'failed', origin: '127.0.0.1', details: { code: 'NOT_FOUND' } },
    { actor: 'root', action: 'users.disable', outcome: 'ok', target: ann.id },
    { actor: 'root', action: 'users.create', outcome: 'ok', target: bob.id },
  ]);
  expect(items.map(({ id }) => id)).toEqual(items.map(({ id }) => id).toSorted((a, b) => b - a));
  for (const entry of items) expect(entry).not.toHaveProperty('hash');

  const actions = async (filter: object) =>
    (await list(filter)).items.map(({ action, target }) => (target === undefined ? action : target));
  expect(await actions({ action: 'users.create' })).toEqual([bob.id, ann.id]);
  expect(await actions({ action: 'users.*', outcome: 'ok' })).toEqual([ann.id, bob.id, ann.id]);
  expect(await actions({ target: bob.id })).toEqual([bob.id]);
  expect(await actions({ actor: 'server' })).toContain('server.start');
  expect(await actions({ action: '%' })).toEqual([]);
  const at = items[1]?.at ?? 0;
  expect((await list({ from: at })).items.every((entry) => entry.at >= at)).toBe(true);
  expect((await list({ to: at })).items.every((entry) => entry.at <= at)).toBe(true);
  expect((await list({ to: 1 })).items).toEqual([]);

  const ids: number[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await list({ action: 'users.*', limit: 2, ...(pageToken !== undefined && { pageToken }) });
    ids.push(...page.items.map(({ id }) => id));
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  expect(ids).toHaveLength(4);
  expect((await root.error('query', 'admin.audit.list', { pageToken: 'x' })).data.reason).toBe('BAD_INPUT');
});

test('an administrator of a tenant sees what its own people did, and nothing of another whose name begins so', async () => {
  const { root, port, createUser } = await startAccounts({
    policy: (question, standard) => standard(question) || (question.action === 'administer' && question.principal.tenant !== undefined),
  });
  await createUser('ann');
  await root.call('mutation', 'admin.users.create', { name: 'theirs', tenant: 'acme' });
  const acme = await openRaw({ port, params: { token: 'acme' } });
  await acme.call('mutation', 'admin.users.create', { name: 'mine' });
  await vi.waitFor(async () => {
    const { items }: Page<AuditInfo> = await acme.call('query', 'admin.audit.list');
    expect(items.some(({ action }) => action === 'users.create')).toBe(true);
    expect(new Set(items.map(({ actor }) => actor))).toEqual(new Set(['@acme/boss']));
  });
});

async function storeWith(entries: number) {
  const database = openDatabase({ file: ':memory:' });
  const clock = createManualClock();
  const store = sqliteStore({ raw: database.raw, epoch: database.epoch, clock, onCommit: () => {}, recordHighWater: () => {} });
  afterTest(async () => {
    store.close();
    await database.close();
  });
  await store.audit.record({ actor: 'ann', action: 'rare', outcome: 'ok' });
  await clock.advance(1_000);
  const { audit } = prepareQueries(database.raw);
  const row = {
    at: clock.now(),
    actor: 'server',
    action: 'often',
    target: null,
    outcome: 'ok',
    origin: null,
    details: null,
    hash: 'x',
  } as const;
  database.raw.transaction(() => {
    for (let n = 0; n < entries; n++) audit.insert(row);
  })();
  return { store, now: clock.now() };
}

const BY = { actor: 'root', within: undefined };

test('a page looks at so many entries and no more, and what is older comes with the next', async () => {
  const { store, now } = await storeWith(MAX_AUDIT_SCAN + 10);
  const first = await store.audit.list(BY, { action: 'rare', limit: 10 });
  expect(first.items).toEqual([]);
  const second = await store.audit.list(BY, { action: 'rare', limit: 10, pageToken: first.nextPageToken });
  expect(second.items).toMatchObject([{ action: 'rare', actor: 'ann' }]);
  expect(second).not.toHaveProperty('nextPageToken');
  // There is nothing to find before the time that was asked for.
  const later = await store.audit.list(BY, { action: 'rare', from: now, limit: 10 });
  expect(later.nextPageToken).toBeDefined();
  expect(await store.audit.list(BY, { action: 'rare', from: now, limit: 10, pageToken: later.nextPageToken })).toEqual({ items: [] });
});
