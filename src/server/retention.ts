import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../db/sqliteStore.ts';
import { NEVER } from '../db/upkeep.ts';
import { dayOf } from '../db/usageDays.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import { DAY_MS } from '../protocol/time.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { RetentionOptions } from './retentionOptions.ts';
import type { Logger } from './serverOptions.ts';

export interface RetentionDeps {
  readonly store: Pick<Store, 'upkeep'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'receiptTtlMs'>;
  readonly logger: Logger;
}

/** What one sweep did. */
export interface Swept {
  readonly foldedThreads: number;
  readonly deletedThreads: number;
}

const DEFAULT_FOLD_DAYS = 30;
const DEFAULT_USAGE_DAYS = 400;
/** After a start there is enough else to do. */
const FIRST_SWEEP_MS = 10_000;
const SWEEP_INTERVAL_MS = 60 * 60_000;
const RETRY_MS = 60_000;
/** Of one transaction: about a millisecond. Each may be on a page of its own. */
const SLICE_ROWS = 100;
const SLICE_PAGES = 64;
/** Nine tenths of the time belong to those who wait for answers. */
const PAUSE_PER_COST = 9;
const MIN_PAUSE_MS = 5;
/** How long a size that was looked up is taken for the present one. */
const SIZE_TTL_MS = 250;
const WARN_SHARE = 0.8;

/** Keeps the database from growing for ever: folds, deletes and sweeps a little at a time, once an hour, and knows when it is too large. */
export class Retention {
  readonly #deps: RetentionDeps;
  readonly #options: RetentionOptions;
  readonly #closing = new AbortController();
  #stopTimer = (): void => {};
  #sweeping: Promise<Swept> | undefined;
  #size: { readonly usedBytes: number; readonly atMs: number } | undefined;
  #warned = false;
  /** What was done since the last rest took so long. */
  #unrestedMs = 0;

  constructor(deps: RetentionDeps, options: RetentionOptions = {}) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Sweeps soon, and then every hour. */
  start(): void {
    this.#schedule(FIRST_SWEEP_MS);
  }

  /** Throws `STORAGE_FULL` when there is more in the database than it may hold: nothing new is to be begun. */
  assertRoom(): void {
    const { maxDatabaseBytes } = this.#options;
    if (maxDatabaseBytes === undefined || this.#usedBytes() < maxDatabaseBytes) return;
    throw new VerbatimError('STORAGE_FULL', 'The server keeps as much as it may. Delete threads or files, or try again later.', {
      details: { limit: 'maxDatabaseBytes' },
    });
  }

  /** Does what there is to do now, slice by slice. One that is under way is joined. Ends early when the server closes. */
  sweep(): Promise<Swept> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Resolves when the slice at work is done. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopTimer();
    await this.#sweeping?.catch(() => undefined);
  }

  #schedule(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#stopTimer = this.#deps.clock.after(delayMs, () => {
      this.sweep().then(
        () => this.#schedule(SWEEP_INTERVAL_MS),
        (cause) => {
          if (this.#closing.signal.aborted) return;
          this.#deps.logger.warn({ err: cause }, 'what is too old could not be removed; trying again in a minute');
          this.#schedule(RETRY_MS);
        },
      );
    });
  }

  async #sweep(): Promise<Swept> {
    const { store, clock, limits, logger } = this.#deps;
    const { upkeep } = store;
    const { foldAfterDays = DEFAULT_FOLD_DAYS, deleteThreadsAfterDays, auditDays, usageDays = DEFAULT_USAGE_DAYS } = this.#options;
    const now = clock.now();
    const swept = { foldedThreads: 0, deletedThreads: 0 };
    const expiries = { receipts: now - limits.receiptTtlMs, now, usageDay: dayOf(now) - usageDays };
    await this.#all(() => upkeep.sweepSome(expiries, SLICE_ROWS));
    const before = { begun: since(foldAfterDays || undefined, now), idle: since(deleteThreadsAfterDays, now) };
    for (let after: number | undefined = 0; after !== undefined && !this.#over; ) {
      const startMs = performance.now();
      const page = upkeep.threads(after, before);
      this.#unrestedMs += performance.now() - startMs;
      for (const thread of page.threads) {
        if (this.#over) break;
        if (thread.gone || (thread.updatedAt < before.idle && (await upkeep.expireThread(thread.key, before.idle)))) {
          await this.#all(() => upkeep.removeSome(thread.key, SLICE_ROWS));
          swept.deletedThreads++;
        } else {
          const slices = await this.#all(() => upkeep.foldSome(thread.key, before.begun, SLICE_ROWS));
          if (slices > 1) swept.foldedThreads++;
        }
      }
      await this.#rest();
      after = page.next;
    }
    if (auditDays !== undefined && !this.#over) {
      const upTo = await upkeep.cutAudit(now - auditDays * DAY_MS);
      if (upTo > 0) await this.#all(() => upkeep.removeAudit(upTo, SLICE_ROWS));
    }
    await this.#all(async () => upkeep.vacuumSome(SLICE_PAGES));
    if (swept.foldedThreads + swept.deletedThreads > 0) logger.info({ ...swept }, 'removed what is too old');
    this.#usedBytes();
    return swept;
  }

  get #over(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Does slices until there is nothing more to do, and rests after each. Returns how many there were. */
  async #all(slice: () => Promise<boolean>): Promise<number> {
    let slices = 0;
    for (let more = true; more && !this.#over; slices++) {
      const startMs = performance.now();
      more = await slice();
      this.#unrestedMs += performance.now() - startMs;
      if (more) await this.#rest();
    }
    return slices;
  }

  async #rest(): Promise<void> {
    const restMs = Math.max(MIN_PAUSE_MS, PAUSE_PER_COST * this.#unrestedMs);
    this.#unrestedMs = 0;
    // Aborting ends the rest, and the sweep with it.
    await pause(restMs, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined);
  }

  #usedBytes(): number {
    const nowMs = performance.now();
    if (this.#size !== undefined && nowMs - this.#size.atMs < SIZE_TTL_MS) return this.#size.usedBytes;
    const { usedBytes } = this.#deps.store.upkeep.size();
    this.#size = { usedBytes, atMs: nowMs };
    const { maxDatabaseBytes } = this.#options;
    if (maxDatabaseBytes === undefined) return usedBytes;
    const isMuch = usedBytes >= WARN_SHARE * maxDatabaseBytes;
    if (isMuch && !this.#warned) {
      const what = 'the database is nearly as large as it may be; past it, nothing new is taken';
      this.#deps.logger.warn({ usedBytes, maxDatabaseBytes }, what);
    }
    this.#warned = isMuch;
    return usedBytes;
  }
}

/** The time so many days ago; before all time when it is never. */
function since(days: number | undefined, now: number): number {
  return days === undefined ? NEVER : now - days * DAY_MS;
}
