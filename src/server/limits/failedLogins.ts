import { createHash } from 'node:crypto';
import { RateLimiterRes, RateLimiterSQLite } from 'rate-limiter-flexible';
import type { RateStore } from '../../db/rateStore.ts';
import { userName } from '../../db/userName.ts';
import { rateLimited } from '../../protocol/limitError.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import { countedAddress } from '../remoteAddress.ts';

export interface LoginAttempt {
  /** As it is typed. */
  readonly name: string;
  readonly address: string;
}

type Limit = 'failedLoginsPerName' | 'failedLoginsPerAddress';

/**
 * Bounds guesses at passwords, by name and by address, through restarts. Each attempt counts from its beginning, so that many at once are no way
 * around it; one that succeeds is taken back.
 */
export class FailedLogins {
  readonly #byName: RateLimiterSQLite | undefined;
  readonly #byAddress: RateLimiterSQLite | undefined;
  readonly #windowMs: number;

  constructor(rates: RateStore, limits: Pick<Limits, Limit | 'failedLoginWindowMs'>) {
    this.#windowMs = limits.failedLoginWindowMs;
    const limiter = (keyPrefix: string, points: number): RateLimiterSQLite | undefined =>
      Number.isFinite(points)
        ? new RateLimiterSQLite({
            storeClient: rates.client,
            storeType: 'better-sqlite3',
            tableName: rates.table,
            tableCreated: true,
            keyPrefix,
            points,
            duration: this.#windowMs / 1_000,
            // Who goes on asking costs no further write.
            inMemoryBlockOnConsumed: points + 1,
          })
        : undefined;
    this.#byName = limiter('login-name', limits.failedLoginsPerName);
    this.#byAddress = limiter('login-address', limits.failedLoginsPerAddress);
  }

  /**
   * Counts an attempt, whether there is such a user or not. Throws `RATE_LIMITED` when there were too many: the password is then not to be looked
   * at. Call what it resolves to when it was right.
   */
  async begin({ name, address }: LoginAttempt): Promise<() => Promise<void>> {
    const whence = countedAddress(address);
    // As users are looked for, or each spelling of a name would have guesses of its own. What was typed for a name may be a password.
    const who = createHash('sha256')
      .update(userName(name) ?? name)
      .digest('base64url');
    await this.#count(this.#byAddress, 'failedLoginsPerAddress', whence);
    await this.#count(this.#byName, 'failedLoginsPerName', who);
    return async () => {
      await this.#byAddress?.reward(whence);
      await this.#byName?.delete(who);
    };
  }

  /** Throws `RATE_LIMITED` when this principal has named too many who are not there. */
  async assertMayTry(owner: string): Promise<void> {
    const known = await this.#byName?.get(triedBy(owner));
    if (known && known.remainingPoints <= 0) throw this.#refusal(this.#byName, 'failedLoginsPerName', known.msBeforeNext);
  }

  /** Counts one who is not there. Throws as `assertMayTry`. */
  tried(owner: string): Promise<void> {
    return this.#count(this.#byName, 'failedLoginsPerName', triedBy(owner));
  }

  async #count(limiter: RateLimiterSQLite | undefined, limit: Limit, key: string): Promise<void> {
    try {
      await limiter?.consume(key);
    } catch (cause) {
      if (!(cause instanceof RateLimiterRes)) throw cause;
      throw this.#refusal(limiter, limit, cause.msBeforeNext);
    }
  }

  #refusal(limiter: RateLimiterSQLite | undefined, limit: Limit, leftMs: number): VerbatimError {
    return rateLimited('There were too many failed logins.', {
      limit,
      max: limiter?.points ?? 0,
      windowMs: this.#windowMs,
      retryAfterMs: Math.max(1, leftMs),
    });
  }
}

/** No hash of a name looks so. */
function triedBy(owner: string): string {
  return `tried:${owner}`;
}
