import { outsideChanges } from '../../db/outsideChanges.ts';
import type { ShareStore } from '../../db/shareStore.ts';
import type { Sqlite } from '../../db/sqlite.ts';
import type { Clock } from '../../protocol/clock.ts';

export interface AuthorityChangesOptions {
  readonly raw: Sqlite;
  readonly shares: ShareStore;
  readonly clock: Clock;
}

/** Whether, since it was last asked, another process has written to the database, or the time of a share was over. */
export function authorityChanges({ raw, shares, clock }: AuthorityChangesOptions): () => boolean {
  const outside = outsideChanges(raw);
  let askedAt = clock.now();
  return () => {
    const since = askedAt;
    askedAt = clock.now();
    const expired = shares.hasExpired(since, askedAt);
    return outside() || expired;
  };
}
