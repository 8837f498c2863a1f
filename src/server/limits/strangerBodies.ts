import type { IncomingMessage, ServerResponse } from 'node:http';
import { rateLimited } from '../../protocol/limitError.ts';
import { countedAddress, remoteAddress } from '../remoteAddress.ts';
import { whenOver } from '../whenOver.ts';
import { Tally } from './tally.ts';

/** When it is worth asking again: a body comes within seconds, or is cut off. */
const RETRY_AFTER_MS = 1_000;

/** Counts requests whose bodies are held, by address, for as long as nobody knows whose they are. */
export class StrangerBodies {
  readonly #max: number;
  readonly #byAddress = new Tally();
  readonly #held = new WeakMap<IncomingMessage, () => void>();

  constructor(maxPerAddress: number) {
    this.#max = maxPerAddress;
  }

  /** Counts one until it is identified or answered. Throws `RATE_LIMITED`. */
  enter(request: IncomingMessage, response: ServerResponse): void {
    if (!Number.isFinite(this.#max)) return;
    const address = countedAddress(remoteAddress(request));
    if (this.#byAddress.of(address) >= this.#max) {
      const details = { limit: 'maxBodiesPerAddress', max: this.#max, retryAfterMs: RETRY_AFTER_MS };
      throw rateLimited('Too many requests from your address are still being sent.', details);
    }
    this.#byAddress.add(address, 1);
    this.#held.set(request, () => this.#byAddress.add(address, -1));
    whenOver(response, () => this.identified(request));
  }

  /** It is known whose it is: other limits hold from here. Harmless when it was said before. */
  identified(request: IncomingMessage): void {
    this.#held.get(request)?.();
    this.#held.delete(request);
  }
}
