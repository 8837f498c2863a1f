import { TRPCError } from '@trpc/server';
import type { AuditEntry } from '../db/operations/appendAudit.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { JsonObject } from '../protocol/json.ts';
import { DEFAULT_LIMITS, type Limits } from '../protocol/limits.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Caller } from './auth/caller.ts';
import type { Logger } from './serverOptions.ts';
import { verbatimErrorOf } from './trpc.ts';

export interface AuditTrailOptions {
  readonly store: Pick<Store, 'audit'>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** A call or a connection that was turned away. */
export interface Refusal {
  /** Of the procedure, the route, or `connect`. */
  readonly action: string;
  readonly caller: Caller | undefined;
  /** Where there is no caller. */
  readonly address: string;
  readonly error: unknown;
  /** Of the call: its target is the id of a thread, or of whatever else it names. */
  readonly input?: unknown;
  /** Besides the code. */
  readonly details?: JsonObject;
}

const WINDOW_MS = 60_000;

interface Address {
  written: number;
  more: number;
}

/**
 * What the server itself writes into the audit log: its starts and stops, its limits, and whom it turned away. Of refusals only so many a
 * minute, from one address and in all, are told one by one; the others are counted, in a row for each address and one for the rest, so that
 * whoever knocks all day cannot fill the disk.
 */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #addresses = new Map<string, Address>();
  #written = 0;
  #elsewhere = 0;
  #stopTimer: (() => void) | undefined;
  #closed = false;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Notes it, if it is for want of authority. */
  refused({ action, caller, address, error, input, details }: Refusal): void {
    const { code } = error instanceof TRPCError ? verbatimErrorOf(error) : error instanceof VerbatimError ? error : {};
    if ((code !== 'NOT_ALLOWED' && code !== 'UNAUTHENTICATED') || this.#closed) return;
    const { maxAuditedRefusals, maxAuditedRefusalsPerAddress } = this.#options.limits;
    this.#stopTimer ??= this.#options.clock.after(WINDOW_MS, () => this.#endWindow());
    const origin = caller?.address ?? address;
    const known = this.#addresses.get(origin);
    if (this.#written >= maxAuditedRefusals || (known?.written ?? 0) >= maxAuditedRefusalsPerAddress) {
      if (known === undefined) this.#elsewhere++;
      else known.more++;
      return;
    }
    this.#written++;
    if (known === undefined) this.#addresses.set(origin, { written: 1, more: 0 });
    else known.written++;
    const actor = caller === undefined ? undefined : ownerOf(caller.identity.principal);
    const target = targetOf(input);
    this.#record({ actor, action: action.replace(/^admin\./, ''), target, outcome: 'refused', origin, details: { code, ...details } });
  }

  /** Notes a start, and the limits that were asked for if they are others than at the last one. */
  async started(details: { readonly authentication: boolean; readonly epoch: string }, asked: Partial<Limits> = {}): Promise<void> {
    const { store } = this.#options;
    await store.audit.record({ actor: 'server', action: 'server.start', outcome: 'ok', details });
    await store.audit.recordLimits(changedLimits({ ...DEFAULT_LIMITS, ...asked }));
  }

  /** Notes the end, before the store closes. */
  stopped(openRuns: number): void {
    this.#endWindow();
    this.#closed = true;
    this.#record({ actor: 'server', action: 'server.stop', outcome: 'ok', details: { openRuns } });
  }

  /** Notes nothing more. */
  close(): void {
    this.#closed = true;
    this.#stopTimer?.();
  }

  #endWindow(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const more = (origin: string | undefined, count: number): void => {
      if (count > 0) this.#record({ actor: undefined, action: 'refusals.more', outcome: 'refused', origin, details: { count } });
    };
    for (const [origin, address] of this.#addresses) more(origin, address.more);
    more(undefined, this.#elsewhere);
    this.#addresses.clear();
    this.#written = 0;
    this.#elsewhere = 0;
  }

  #record(entry: AuditEntry): void {
    this.#options.store.audit.record(entry).catch((cause) => {
      if (!this.#closed) this.#options.logger.warn({ err: cause, action: entry.action }, 'the audit log could not be written');
    });
  }
}

const TARGETS = ['threadId', 'runId', 'messageId', 'userId', 'keyId', 'shareId', 'fileId', 'agent'] as const;
const MAX_TARGET_LENGTH = 200;

/** What a call that may not have been looked at names. */
function targetOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const named = Object.entries(input).filter(([name, value]) => TARGETS.some((target) => target === name) && typeof value === 'string');
  const first = TARGETS.flatMap((target) => named.filter(([name]) => name === target).map(([, value]) => String(value)))[0];
  return first?.slice(0, MAX_TARGET_LENGTH);
}

/** The limits that are not the defaults. `Infinity` is no JSON. */
function changedLimits(limits: Limits): Record<string, number | string> {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  return Object.fromEntries(
    names
      .filter((name) => limits[name] !== DEFAULT_LIMITS[name])
      .map((name) => [name, Number.isFinite(limits[name]) ? limits[name] : 'none']),
  );
}
