import type { Clock } from '../protocol/clock.ts';
import { pause } from './pause.ts';
import type { Wire } from './transport.ts';
import { isRecord } from './transportMessage.ts';

export interface RenewalOptions {
  /** Asks for another token; undefined where a cookie is the token, and is newer now. */
  readonly newToken: () => Promise<string | undefined>;
  readonly clock: Clock;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Something is asked for: what nobody uses may expire. */
  readonly isWanted: () => boolean;
}

/** A token is renewed so long before its end, or a tenth of its life where that is more; a short one halfway. Up to half of that earlier, by chance. */
const LEAD_MS = 10_000;
const LEAD_SHARE = 0.1;
/** Between two attempts. */
const SHORTEST_PAUSE_MS = 500;
/** Timers are not made for more than 24 days. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/**
 * Keeps the authority of a wire from ending: asks when that will be, and has it renewed some time before, again and again. A renewal that fails
 * is tried again, sooner each time; when there is none in time the server ends the wire, which is its connection's business.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  #ended = new AbortController();

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** For a wire that has reached the server, in the place of the one before. */
  begin(wire: Wire): void {
    this.end();
    this.#ended = new AbortController();
    // A server that does not say when is not asked again, and a wire that ends says so itself.
    this.#follow(wire, this.#ended.signal).catch(() => {});
  }

  end(): void {
    this.#ended.abort();
  }

  async #follow(wire: Wire, signal: AbortSignal): Promise<void> {
    const { newToken, clock, random, isWanted } = this.#options;
    let leftMs = leftOf(await wire.call({ type: 'query', path: 'auth.whoami', input: {} }, signal));
    while (leftMs !== undefined && leftMs > 0 && !signal.aborted) {
      const endsAt = clock.now() + leftMs;
      await pause(clock, pauseMs(leftMs, random), signal);
      leftMs = endsAt - clock.now();
      if (signal.aborted || !isWanted()) continue;
      try {
        leftMs = leftOf(await wire.renew(await newToken(), signal));
      } catch {
        // The one it has is good for a while.
      }
    }
  }
}

function pauseMs(leftMs: number, random: () => number): number {
  const leadMs = Math.min(leftMs / 2, Math.max(LEAD_MS, leftMs * LEAD_SHARE));
  const untilThenMs = leftMs - leadMs * (1 + random() / 2);
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, untilThenMs));
}

/** Undefined where authority does not end by time. */
function leftOf(answer: unknown): number | undefined {
  const left = isRecord(answer) ? answer.expiresInMs : undefined;
  return typeof left === 'number' ? left : undefined;
}
