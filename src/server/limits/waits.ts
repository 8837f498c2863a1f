import { rateLimited } from '../../protocol/limitError.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { LimitsOf } from '../../protocol/tiers.ts';
import { holderOf } from './connectionPlaces.ts';
import { Tally } from './tally.ts';

/** When it is worth asking again: a wait ends when its run does. */
const RETRY_AFTER_MS = 5_000;

/** Counts calls that wait for runs, by whom they are, however they came in. */
export class Waits {
  readonly #limitsOf: LimitsOf;
  readonly #byHolder = new Tally();

  constructor(limitsOf: LimitsOf) {
    this.#limitsOf = limitsOf;
  }

  /** Throws `RATE_LIMITED`. The returned function, to be called once, says that it waits no more. */
  enter(principal: Principal): () => void {
    const holder = holderOf(principal);
    const { maxWaitsPerPrincipal: max } = this.#limitsOf(principal);
    if (this.#byHolder.of(holder) >= max) {
      const details = { limit: 'maxWaitsPerPrincipal', max, retryAfterMs: RETRY_AFTER_MS };
      throw rateLimited('Too many of your calls wait for runs.', details);
    }
    this.#byHolder.add(holder, 1);
    return () => this.#byHolder.add(holder, -1);
  }
}
