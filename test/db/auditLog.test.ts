import { describe, expect, test } from 'vitest';
import { appendAudit } from '../../src/db/operations/appendAudit.ts';
import { verifyAudit } from '../../src/db/operations/verifyAudit.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import { openForTest } from './openForTest.ts';
import { openStore } from './storeForTest.ts';

const ENTRIES = 7;

/** A log of seven entries, and the file as somebody has it who may do anything with it. */
function openLog() {
  const { raw } = openForTest({ file: ':memory:' });
  const queries = prepareQueries(raw);
  for (let n = 1; n <= ENTRIES; n++) {
    const entry = { actor: `ann${n}`, action: 'threads.delete', target: `thread_${n}`, outcome: 'ok', origin: '10.0.0.1' } as const;
    appendAudit({ queries, now: 1_000 * n }, { ...entry, details: { n } });
  }
  const tamper = (sql: string): void => {
    raw.exec('drop trigger if exists audit_log_no_update; drop trigger if exists audit_log_no_delete');
    raw.exec(sql);
  };
  return { raw, queries, tamper };
}

test('a log that nobody touched is whole, and says its head', () => {
  const { queries } = openLog();
  const { rows, head, problem } = verifyAudit(queries);
  expect([rows, head?.id, problem]).toEqual([ENTRIES, ENTRIES, undefined]);
  expect(verifyAudit(queries, head)).toMatchObject({ problem: undefined });
});

test('an empty log is whole', () => {
  expect(verifyAudit(prepareQueries(openForTest({ file: ':memory:' }).raw))).toEqual({ rows: 0, head: undefined, problem: undefined });
});

test.each([
  ['at', '5'],
  ['actor', "'bob'"],
  ['actor', 'null'],
  ['action', "'threads.read'"],
  ['target', "'thread_9'"],
  ['outcome', "'refused'"],
  ['origin', "'10.0.0.2'"],
  ['details', `'{"n":9}'`],
  ['details', "'{'"],
  ['details', 'null'],
  ['hash', "'x'"],
  ['id', '40'],
])('a changed %s (to %s) is found', (column, value) => {
  for (const id of [1, 4, ENTRIES]) {
    const { queries, tamper } = openLog();
    tamper(`update audit_log set ${column} = ${value} where id = ${id}`);
    const { problem, rows } = verifyAudit(queries);
    expect(problem).toMatch(new RegExp(`\\brows? ${id} `));
    expect(rows).toBe(id - 1);
  }
});

test.each([1, 4, ENTRIES])('a removed entry %i is found', (id) => {
  const { queries, tamper } = openLog();
  tamper(`delete from audit_log where id = ${id}`);
  expect(verifyAudit(queries).problem).toMatch(`row ${id} is missing`);
});

test('an entry that somebody put in is found, and one that was put in the place of another', () => {
  const { queries, tamper } = openLog();
  tamper(`insert into audit_log (at, action, outcome, hash) values (9000, 'x', 'ok', 'made up')`);
  expect(verifyAudit(queries).problem).toMatch('row 8 is not as it was written');
  const other = openLog();
  other.tamper(
    'update audit_log set id = 100 where id = 2; update audit_log set id = 2 where id = 3; update audit_log set id = 3 where id = 100',
  );
  expect(verifyAudit(other.queries).problem).toMatch('row 2 is not as it was written');
});

test('entries cut off at the end, with the count of them, are found by a head from before', () => {
  const { queries, tamper } = openLog();
  const { head } = verifyAudit(queries);
  tamper(`delete from audit_log where id > 5; update sqlite_sequence set seq = 5 where name = 'audit_log'`);
  expect(verifyAudit(queries).problem).toBeUndefined();
  expect(verifyAudit(queries, head).problem).toMatch('rows 6 to 7 are missing at the end');
  // Whoever writes others in their place has other hashes.
  appendAudit({ queries, now: 6_000 }, { actor: 'x', action: 'x', outcome: 'ok' });
  appendAudit({ queries, now: 7_000 }, { actor: 'x', action: 'x', outcome: 'ok' });
  expect(verifyAudit(queries, head).problem).toMatch('row 7 is not the one that the given head names');
});

describe('SQL itself refuses', () => {
  test.each([
    'update audit_log set actor = null',
    'update audit_log set hash = hash where id = 7',
    'delete from audit_log where id = 1',
    'delete from audit_log',
  ])('%s', (sql) => {
    const { raw, queries } = openLog();
    expect(() => raw.exec(sql)).toThrow('the audit log is append-only');
    expect(verifyAudit(queries)).toMatchObject({ rows: ENTRIES, problem: undefined });
  });
});

describe('a log that was cut', () => {
  async function cutLog() {
    const on = openStore();
    const base = on.clock.now();
    for (let n = 1; n <= ENTRIES; n++) {
      await on.clock.advance(1_000);
      await on.store.audit.record({ actor: 'ann', action: 'threads.delete', outcome: 'ok', details: { n } });
    }
    const queries = prepareQueries(on.raw);
    const before = verifyAudit(queries).head;
    const upTo = await on.store.upkeep.cutAudit(base + 4_000);
    return { ...on, queries, before, upTo };
  }

  test('begins later, and is whole before, while and after its oldest entries go', async () => {
    const { store, queries, before, upTo } = await cutLog();
    expect(upTo).toBe(3);
    expect(verifyAudit(queries, before).problem).toBeUndefined();
    await store.upkeep.removeAudit(upTo, 2);
    expect(verifyAudit(queries, before).problem).toBeUndefined();
    while (await store.upkeep.removeAudit(upTo, 2));
    expect(verifyAudit(queries, before)).toMatchObject({ rows: 5, problem: undefined });
    expect((await store.audit.page({ limit: 10 })).map((row) => row.action)).toEqual([
      ...Array.from({ length: 4 }, () => 'threads.delete'),
      'audit.cut',
    ]);
  });

  test('gives up no entry that the cut does not name, and none that comes later is missed', async () => {
    const { raw, queries, store, upTo } = await cutLog();
    expect(() => raw.exec(`delete from audit_log where id = ${upTo + 1}`)).toThrow('append-only');
    while (await store.upkeep.removeAudit(upTo, 100));
    raw.exec('drop trigger audit_log_no_delete; delete from audit_log where id = 4');
    expect(verifyAudit(queries).problem).toMatch('row 4 is missing');
  });

  test('a cut that somebody changed is found', async () => {
    const { raw, queries } = await cutLog();
    raw.exec(`drop trigger audit_log_no_update; update audit_log set details = json_set(details, '$.upTo', 5) where action = 'audit.cut'`);
    expect(verifyAudit(queries).problem).toMatch('row 6 is not as it was written');
  });

  test('loses no young entry to one that a wrong clock dated back', async () => {
    const { raw } = openForTest({ file: ':memory:' });
    const queries = prepareQueries(raw);
    const DAY_MS = 86_400_000;
    const days = [100, 200, 900, 0, 901];
    for (const day of days) appendAudit({ queries, now: day * DAY_MS }, { actor: 'ann', action: 'threads.delete', outcome: 'ok' });
    expect(queries.audit.lastBefore(500 * DAY_MS)?.id).toBe(2);
    expect(queries.audit.lastBefore(50 * DAY_MS)).toBeUndefined();
    expect(queries.audit.lastBefore(1_000 * DAY_MS)?.id).toBe(5);
  });

  test('is cut again only when there is something to cut', async () => {
    const { store, clock, upTo } = await cutLog();
    while (await store.upkeep.removeAudit(upTo, 100));
    await clock.advance(10_000);
    const again = await store.upkeep.cutAudit(clock.now());
    expect(again).toBe(8);
    while (await store.upkeep.removeAudit(again, 100));
    await clock.advance(10_000);
    expect(await store.upkeep.cutAudit(clock.now())).toBe(0);
  });
});
