import { newId } from '../../db/ids.ts';
import type { Clock } from '../../protocol/clock.ts';
import type { Json } from '../../protocol/json.ts';
import type { Notice } from '../../protocol/notice.ts';
import { ownerOf, type Principal, rolesOf } from '../../protocol/principal.ts';
import type { Caller } from '../auth/caller.ts';
import type { LiveFeed } from './liveFeed.ts';

/** Whom a notice is for; absent: everybody. */
export type NoticeTo =
  | { readonly role: string; readonly tenant?: string }
  | { readonly principal: string | Pick<Principal, 'id' | 'tenant'> }
  /** Those who watch it, or a run of it. */
  | { readonly thread: string }
  | { readonly tenant: string };

export interface NewNotice {
  /** What it is about, such as `maintenance`. */
  readonly kind: string;
  readonly text?: string;
  readonly data?: Json;
}

/** Notices that wait for one reader that does not keep up; the oldest goes. */
export const MAX_WAITING_NOTICES = 100;

/** Who has asked to be told. */
export class Notices {
  readonly #clock: Clock;
  readonly #feeds = new Map<LiveFeed, Caller | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(feed: LiveFeed, caller: Caller | undefined): () => void {
    this.#feeds.set(feed, caller);
    return () => this.#feeds.delete(feed);
  }

  /** Returns how many subscriptions it was handed to. `thread` is the key of the one in `to`. */
  tell({ kind, text, data }: NewNotice, to: NoticeTo | undefined, thread: number | undefined): number {
    const notice: Notice = {
      id: newId('notice'),
      at: this.#clock.now(),
      kind,
      ...(text !== undefined && { text }),
      ...(data !== undefined && { data }),
    };
    let told = 0;
    for (const [feed, caller] of this.#feeds) {
      if (caller === undefined || caller.hasEnded || !isFor(to, caller, thread)) continue;
      feed.push(notice);
      told++;
    }
    return told;
  }
}

function isFor(to: NoticeTo | undefined, caller: Caller, thread: number | undefined): boolean {
  const { principal } = caller;
  if (to === undefined) return true;
  if ('thread' in to) return thread !== undefined && caller.holds(thread);
  if ('principal' in to) return ownerOf(principal) === ownerOf(typeof to.principal === 'string' ? { id: to.principal } : to.principal);
  // Whoever has a link is nobody of the tenant's.
  if (principal.share !== undefined) return false;
  if (to.tenant !== undefined && principal.tenant !== to.tenant) return false;
  return !('role' in to) || rolesOf(principal).includes(to.role);
}
