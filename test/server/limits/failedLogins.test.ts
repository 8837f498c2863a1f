import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/db/openDatabase.ts';
import { sqliteStore } from '../../../src/db/sqliteStore.ts';
import { systemClock } from '../../../src/protocol/clock.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/limits.ts';
import { FailedLogins } from '../../../src/server/limits/failedLogins.ts';
import { openStore } from '../../db/storeForTest.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';

checkLeaksAfterwards();

const here = () => new FailedLogins(openStore().store.rates, DEFAULT_LIMITS);
const limited = (limit: string) => ({
  code: 'RATE_LIMITED',
  details: { limit, max: 10, windowMs: 900_000, retryAfterMs: expect.toSatisfy((ms: number) => ms > 890_000 && ms <= 900_000) },
});

describe('failed logins', () => {
  test('of one name are ten in a quarter of an hour, from wherever they come', async () => {
    const logins = here();
    for (let count = 0; count < 10; count++) await logins.begin({ name: 'ann', address: `192.0.2.${count}` });
    for (let count = 0; count < 3; count++) {
      await expect(logins.begin({ name: 'Ann', address: '198.51.100.1' })).rejects.toMatchObject(limited('failedLoginsPerName'));
    }
    await logins.begin({ name: 'bob', address: '192.0.2.1' });
  });

  test('of one name are no more in other spellings of it', async () => {
    const logins = here();
    const spellings = ['ann', 'ann ', ' Ann', 'ａｎｎ', 'ANN\u00a0'];
    for (let count = 0; count < 10; count++) await logins.begin({ name: spellings[count % 5] ?? '', address: `192.0.2.${count}` });
    for (const name of [...spellings, 'Ａnn']) {
      await expect(logins.begin({ name, address: '198.51.100.1' })).rejects.toMatchObject(limited('failedLoginsPerName'));
    }
  });

  test('from one address are ten in a quarter of an hour, for whatever names; IPv6 counts by /64', async () => {
    const logins = here();
    for (let count = 0; count < 10; count++) await logins.begin({ name: `user${count}`, address: `2001:db8::${count}` });
    await expect(logins.begin({ name: 'ann', address: '2001:db8::ffff' })).rejects.toMatchObject(limited('failedLoginsPerAddress'));
    await logins.begin({ name: 'ann', address: '2001:db8:0:1::' });
  });

  test('that all begin at once are not more', async () => {
    const logins = here();
    const tried = await Promise.allSettled(Array.from({ length: 50 }, () => logins.begin({ name: 'ann', address: '192.0.2.1' })));
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  test('are forgotten for the name when the password was right, and that one does not count for the address', async () => {
    const logins = here();
    for (let count = 0; count < 9; count++) await logins.begin({ name: 'ann', address: '192.0.2.1' });
    for (let count = 0; count < 20; count++) await (await logins.begin({ name: 'ann', address: '192.0.2.1' }))();
    await logins.begin({ name: 'ann', address: '192.0.2.1' });
    await expect(logins.begin({ name: 'ann', address: '192.0.2.1' })).rejects.toMatchObject(limited('failedLoginsPerAddress'));
    for (let count = 0; count < 9; count++) await logins.begin({ name: 'ann', address: `192.0.2.${count + 2}` });
    await expect(logins.begin({ name: 'ann', address: '192.0.2.99' })).rejects.toMatchObject(limited('failedLoginsPerName'));
  });

  test('are known after a restart, without the names that were typed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verbatim-logins-'));
    afterTest(() => rmSync(folder, { recursive: true }));
    const open = () => {
      const { raw, epoch, close } = openDatabase({ file: join(folder, 'logins.db') });
      const store = sqliteStore({ raw, epoch, clock: systemClock, onCommit: () => {}, recordHighWater: () => {} });
      return { raw, store, close };
    };
    const before = open();
    const logins = new FailedLogins(before.store.rates, DEFAULT_LIMITS);
    for (let count = 0; count < 10; count++) await logins.begin({ name: 'hunter2', address: `192.0.2.${count}` });
    expect(JSON.stringify(before.raw.prepare('select * from rate_counts').all())).not.toContain('hunter2');
    before.store.close();
    await before.close();
    const after = open();
    await expect(
      new FailedLogins(after.store.rates, DEFAULT_LIMITS).begin({ name: 'hunter2', address: '198.51.100.1' }),
    ).rejects.toMatchObject(limited('failedLoginsPerName'));
    const swept = async (now: number): Promise<number> => {
      const kept = (): number => Number(after.raw.prepare('select count(*) from rate_counts').pluck().get());
      const before = kept();
      while (await after.store.upkeep.sweepSome({ receipts: 0, now, usageDay: 0 }, 100));
      return before - kept();
    };
    expect(await swept(Date.now())).toBe(0);
    expect(await swept(Date.now() + 900_001)).toBeGreaterThan(10);
    after.store.close();
    await after.close();
  });
});
