import { rateLimited } from '../../protocol/limitError.ts';
import type { Limits } from '../../protocol/limits.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import type { LimitsOf } from '../../protocol/tiers.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { countedAddress } from '../remoteAddress.ts';
import { Tally } from './tally.ts';

/** What becomes of a principal's connections when another client of its own connects. */
export const DUPLICATES = ['allow', 'replace', 'refuse'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

export interface Arrival {
  readonly address: string;
  /** It gives up its place to one that came later: nobody has said yet whose it is. */
  readonly onWaitedTooLong: () => void;
  /** Another client of the same principal took its place. */
  readonly onReplaced: () => void;
}

/** Whose a connection is. */
export interface Claim {
  readonly principal: Principal;
  /** Connections of the same client are no duplicates of each other. Undefined for one that is a client by itself. */
  readonly clientId: string | undefined;
  /** It takes no part in what is done with duplicates. */
  readonly isPart: boolean;
}

/** Room for one connection, until `leave`. */
export interface Place {
  /** To be called once, when it is known whose it is. Throws `RATE_LIMITED`; it is still to be left then. */
  claim(claim: Claim): void;
  /** Harmless when it was left. */
  leave(): void;
}

/** When it is worth asking again: connections end when they end. */
const RETRY_AFTER_MS = 5_000;

interface Held extends Arrival {
  claimed: Claim | undefined;
  left: boolean;
  readonly leave: () => void;
}

/** Counts connections, in all, by address, by principal and by tenant, and knows which are of the same principal. */
export class ConnectionPlaces {
  readonly #limits: Limits;
  readonly #limitsOf: LimitsOf;
  readonly #duplicates: Duplicates;
  readonly #byAddress = new Tally();
  readonly #byTenant = new Tally();
  readonly #byOwner = new Map<string, Set<Held>>();
  /** Those of nobody yet, the oldest first. */
  readonly #unclaimed = new Set<Held>();
  #all = 0;

  constructor(options: { readonly limits: Limits; readonly limitsOf: LimitsOf; readonly duplicates: Duplicates }) {
    this.#limits = options.limits;
    this.#limitsOf = options.limitsOf;
    this.#duplicates = options.duplicates;
  }

  /** Throws `SERVER_FULL`, or `RATE_LIMITED` for too many from one address. */
  take(arrival: Arrival): Place {
    const { maxConnections, maxConnectionsPerAddress, maxUnauthenticatedSockets } = this.#limits;
    if (this.#all >= maxConnections) {
      throw new VerbatimError('SERVER_FULL', 'The server takes no more connections. Try again in a moment.', {
        details: { limit: 'maxConnections', max: maxConnections },
      });
    }
    const address = countedAddress(arrival.address);
    if (this.#byAddress.of(address) >= maxConnectionsPerAddress) {
      throw tooMany('maxConnectionsPerAddress', maxConnectionsPerAddress, 'There are too many connections from your address.');
    }
    const held: Held = {
      ...arrival,
      claimed: undefined,
      left: false,
      leave: () => {
        if (held.left) return;
        held.left = true;
        this.#all--;
        this.#byAddress.add(address, -1);
        this.#unclaimed.delete(held);
        if (held.claimed !== undefined) this.#unclaim(held, held.claimed);
      },
    };
    this.#all++;
    this.#byAddress.add(address, 1);
    this.#unclaimed.add(held);
    const [oldest] = this.#unclaimed;
    if (this.#unclaimed.size > maxUnauthenticatedSockets && oldest !== undefined) {
      oldest.leave();
      oldest.onWaitedTooLong();
    }
    return { claim: (claim) => this.#claim(held, claim), leave: held.leave };
  }

  #claim(held: Held, claim: Claim): void {
    const { principal } = claim;
    if (held.left) throw tooMany('maxUnauthenticatedSockets', this.#limits.maxUnauthenticatedSockets, 'Too many wait to say who they are.');
    const owner = holderOf(principal);
    const others = [...(this.#byOwner.get(owner) ?? [])].filter(
      (other) => other.claimed !== undefined && areDuplicates(claim, other.claimed),
    );
    if (others.length > 0 && this.#duplicates === 'refuse') {
      throw tooMany('duplicates', 1, 'You are connected from elsewhere, and one client may be at a time.');
    }
    if (this.#duplicates === 'replace') {
      for (const other of others) {
        other.leave();
        other.onReplaced();
      }
    }
    const { maxConnectionsPerPrincipal, maxConnectionsPerTenant } = this.#limitsOf(principal);
    if ((this.#byOwner.get(owner)?.size ?? 0) >= maxConnectionsPerPrincipal) {
      throw tooMany('maxConnectionsPerPrincipal', maxConnectionsPerPrincipal, 'You have too many connections.');
    }
    if (principal.tenant !== undefined && this.#byTenant.of(principal.tenant) >= maxConnectionsPerTenant) {
      throw tooMany('maxConnectionsPerTenant', maxConnectionsPerTenant, 'Your tenant has too many connections.');
    }
    this.#unclaimed.delete(held);
    held.claimed = claim;
    const own = this.#byOwner.get(owner) ?? new Set();
    this.#byOwner.set(owner, own.add(held));
    if (principal.tenant !== undefined) this.#byTenant.add(principal.tenant, 1);
  }

  #unclaim(held: Held, { principal }: Claim): void {
    const owner = holderOf(principal);
    const own = this.#byOwner.get(owner);
    own?.delete(held);
    if (own?.size === 0) this.#byOwner.delete(owner);
    if (principal.tenant !== undefined) this.#byTenant.add(principal.tenant, -1);
  }
}

/** Guests of one link are many people: what one of them holds is nothing to another. */
export function holderOf(principal: Principal): string {
  return principal.share === undefined ? ownerOf(principal) : `${ownerOf(principal)} ${principal.id}`;
}

function areDuplicates(a: Claim, b: Claim): boolean {
  return a.isPart && b.isPart && (a.clientId === undefined || a.clientId !== b.clientId);
}

function tooMany(limit: string, max: number, message: string): VerbatimError {
  return rateLimited(message, { limit, max, retryAfterMs: RETRY_AFTER_MS });
}
