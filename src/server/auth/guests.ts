import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId } from '../../db/ids.ts';
import { hashToken, newSecret } from '../../db/loginTokens.ts';
import type { Store } from '../../db/sqliteStore.ts';
import type { Clock } from '../../protocol/clock.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { OpenedShare } from '../../protocol/share.ts';
import { HOUR_MS } from '../../protocol/time.ts';
import { countedAddress } from '../remoteAddress.ts';
import type { Identity } from './authMethod.ts';

const SECRET_PREFIX = 'vblink_';
const TOKEN = /^vbguest_([\w-]{1,2000})\.([\w-]{43})$/;

/** Rows of the audit log: whoever has a link and many addresses must not fill the disk. */
const MAX_TOLD_AN_HOUR = 1_000;

type Guest = Principal & { readonly share: string; readonly expiresAt: number };

export interface GuestsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** A link's secret, to be told once, and what is stored of it. It is random, so no slower hash would help. */
export function newLinkSecret(): { readonly secret: string; readonly secretHash: string } {
  const secret = SECRET_PREFIX + newSecret();
  return { secret, secretHash: hashToken(secret) };
}

/**
 * Who came by a link. Nothing is kept of them, so there may be any number: a token says who it is of, signed with a key that ends with this
 * process. Then the link's secret gives another. Each sees one thread, as long as the link is there.
 */
export class Guests {
  readonly #options: GuestsOptions;
  readonly #key = randomBytes(32);
  /** Links and addresses of this hour. */
  readonly #told = new Set<string>();
  #hourEndsAt = 0;

  constructor(options: GuestsOptions) {
    this.#options = options;
  }

  /** Exchanges a link's secret for a token. Throws `NOT_FOUND`. Audited once an hour for a link and an address. */
  async open(secret: string, address: string): Promise<OpenedShare> {
    const { store, clock, limits } = this.#options;
    const link = await store.shares.link(hashToken(secret));
    if (this.#isNews(`${link.id} ${countedAddress(address)}`)) {
      const details = { share: link.id };
      await store.audit.record({
        actor: undefined,
        action: 'auth.openShare',
        target: link.threadId,
        outcome: 'ok',
        origin: address,
        details,
      });
    }
    const expiresAt = Math.min(link.expiresAt ?? Number.POSITIVE_INFINITY, clock.now() + limits.guestTtlMs);
    const guest: Guest = { id: newId('guest'), share: link.id, ...(link.tenant !== undefined && { tenant: link.tenant }), expiresAt };
    const body = Buffer.from(JSON.stringify(guest)).toString('base64url');
    const token = `vbguest_${body}.${this.#sign(body).toString('base64url')}`;
    return { token, expiresAt, threadId: link.threadId, access: link.access };
  }

  /** Undefined for a token that is not a guest's (any more). */
  identify(token: string | undefined): Identity | undefined {
    const [, body, signature] = TOKEN.exec(token ?? '') ?? [];
    if (body === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const own = this.#sign(body);
    if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
    // Only this process could sign it.
    const principal: Guest = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (!this.#isWelcome(principal)) return undefined;
    return {
      principal,
      method: 'link',
      credentialId: principal.share,
      lookAgain: () => (this.#isWelcome(principal) ? principal : undefined),
    };
  }

  /** False when it was told within the hour. Of more than so many an hour none is. */
  #isNews(opened: string): boolean {
    const now = this.#options.clock.now();
    if (now >= this.#hourEndsAt) {
      this.#told.clear();
      this.#hourEndsAt = now + HOUR_MS;
    }
    if (this.#told.has(opened) || this.#told.size >= MAX_TOLD_AN_HOUR) return false;
    this.#told.add(opened);
    return true;
  }

  #isWelcome({ share, expiresAt }: Guest): boolean {
    return expiresAt > this.#options.clock.now() && this.#options.store.shares.holds(share);
  }

  #sign(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }
}
