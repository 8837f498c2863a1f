import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { rateLimited } from '../../protocol/limitError.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import { countedAddress } from '../remoteAddress.ts';
import { StrangerBodies } from './strangerBodies.ts';

const WINDOW_SECONDS = 60;

/** Counts what comes from addresses of which nobody is known yet: in memory, by the time of the system. */
export class Handshakes {
  readonly bodies: StrangerBodies;
  readonly #limiter: RateLimiterMemory | undefined;
  /** What the limiter holds, the oldest first: it has no bound of its own, and a timer for each. */
  readonly #held = new Set<string>();
  readonly #max: number;
  readonly #maxAddresses: number;

  constructor({
    handshakesPerMinute,
    maxTrackedAddresses,
    maxBodiesPerAddress,
  }: Pick<Limits, 'handshakesPerMinute' | 'maxTrackedAddresses' | 'maxBodiesPerAddress'>) {
    this.bodies = new StrangerBodies(maxBodiesPerAddress);
    this.#max = handshakesPerMinute;
    this.#maxAddresses = maxTrackedAddresses;
    if (Number.isFinite(handshakesPerMinute)) {
      this.#limiter = new RateLimiterMemory({ points: handshakesPerMinute, duration: WINDOW_SECONDS, keyPrefix: '' });
    }
  }

  get trackedAddresses(): number {
    return this.#held.size;
  }

  /** Counts one more, and says when there were too many. */
  async refusal(address: string): Promise<VerbatimError | undefined> {
    if (this.#limiter === undefined) return undefined;
    const key = countedAddress(address);
    this.#hold(key);
    try {
      await this.#limiter.consume(key);
      return undefined;
    } catch (cause) {
      if (!(cause instanceof RateLimiterRes)) throw cause;
      return rateLimited('There were too many attempts to connect from your address.', {
        limit: 'handshakesPerMinute',
        max: this.#max,
        windowMs: WINDOW_SECONDS * 1_000,
        retryAfterMs: Math.max(1, cause.msBeforeNext),
      });
    }
  }

  close(): void {
    for (const key of this.#held) void this.#limiter?.delete(key);
    this.#held.clear();
  }

  #hold(key: string): void {
    if (this.#held.has(key)) return;
    this.#held.add(key);
    const [oldest] = this.#held;
    if (this.#held.size <= this.#maxAddresses || oldest === undefined) return;
    this.#held.delete(oldest);
    void this.#limiter?.delete(oldest);
  }
}
