import { newSecret } from '../../db/loginTokens.ts';
import type { Clock } from '../../protocol/clock.ts';
import type { Limits } from '../../protocol/limits.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Ticket } from '../../protocol/whoAmI.ts';
import type { Identity } from './authMethod.ts';

interface Issued {
  readonly identity: Identity;
  readonly owner: string;
  readonly expiresAt: number;
}

/** One-use stand-ins for a token, for URLs. In memory: a restart forgets them, and whoever has one asks for another. */
export class Tickets {
  readonly #clock: Clock;
  readonly #limits: Pick<Limits, 'ticketTtlMs' | 'maxTickets' | 'maxTicketsPerPrincipal'>;
  /** Oldest first. */
  readonly #issued = new Map<string, Issued>();

  constructor({ clock, limits }: { readonly clock: Clock; readonly limits: Limits }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A principal with too many loses its oldest. Throws `SERVER_FULL` when there are too many of others. */
  issue(identity: Identity): Ticket {
    const now = this.#clock.now();
    const owner = ownerOf(identity.principal);
    this.#forget(({ expiresAt }) => expiresAt <= now);
    const own = [...this.#issued].filter(([, issued]) => issued.owner === owner);
    const { maxTickets, maxTicketsPerPrincipal, ticketTtlMs } = this.#limits;
    for (const [ticket] of own.slice(0, Math.max(0, own.length + 1 - maxTicketsPerPrincipal))) this.#issued.delete(ticket);
    if (this.#issued.size >= maxTickets) {
      throw new VerbatimError('SERVER_FULL', 'Too many tickets are waiting to be used. Try again in a moment.', {
        details: { limit: 'maxTickets' },
      });
    }
    const ticket = newSecret();
    const expiresAt = now + ticketTtlMs;
    this.#issued.set(ticket, { identity, owner, expiresAt });
    return { ticket, expiresAt };
  }

  /** Who it stands for, once. Undefined when it is not there (any more), or when its principal's authority has ended meanwhile. */
  take(ticket: string): Identity | undefined {
    const issued = this.#issued.get(ticket);
    if (issued === undefined) return undefined;
    this.#issued.delete(ticket);
    if (issued.expiresAt <= this.#clock.now()) return undefined;
    const { lookAgain, ...rest } = issued.identity;
    if (lookAgain === undefined) return rest;
    const principal = lookAgain();
    return principal === undefined ? undefined : { ...rest, principal, lookAgain };
  }

  #forget(isOver: (issued: Issued) => boolean): void {
    for (const [ticket, issued] of this.#issued) {
      // All live as long: those behind it were issued later.
      if (!isOver(issued)) return;
      this.#issued.delete(ticket);
    }
  }
}
