import type { Clock } from '../../protocol/clock.ts';
import { rateLimited } from '../../protocol/limitError.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { LimitsOf } from '../../protocol/tiers.ts';
import { HOUR_MS, MINUTE_MS } from '../../protocol/time.ts';
import { holderOf } from './connectionPlaces.ts';

/** These have limits of their own, which count what was made. */
const MESSAGES: ReadonlySet<string> = new Set(['messages.send', 'messages.edit', 'messages.retry', 'runs.retry']);

interface Count {
  readonly beganAt: number;
  commands: number;
}

/** By principal, the one that began first in front. */
type Window = Map<string, Count>;

/**
 * Counts commands other than messages by their principals, refused ones too: each may leave a receipt, and a line in the audit log. In memory,
 * since a write for each would cost as much as most of them.
 */
export class CommandRate {
  readonly #clock: Clock;
  readonly #limitsOf: LimitsOf;
  readonly #minute: Window = new Map();
  readonly #hour: Window = new Map();

  constructor(clock: Clock, limitsOf: LimitsOf) {
    this.#clock = clock;
    this.#limitsOf = limitsOf;
  }

  /** Throws `RATE_LIMITED`, and then counts nothing. */
  count(principal: Principal, path: string): void {
    if (MESSAGES.has(path)) return;
    const { commandsPerMinute, commandsPerHour } = this.#limitsOf(principal);
    const holder = holderOf(principal);
    const windows = [
      { limit: 'commandsPerMinute', max: commandsPerMinute, windowMs: MINUTE_MS, window: this.#minute },
      { limit: 'commandsPerHour', max: commandsPerHour, windowMs: HOUR_MS, window: this.#hour },
    ].filter(({ max }) => Number.isFinite(max));
    const now = this.#clock.now();
    for (const { limit, max, windowMs, window } of windows) {
      forgetOver(window, now, windowMs);
      const { beganAt, commands } = window.get(holder) ?? { beganAt: now, commands: 0 };
      if (commands < max) continue;
      const each = windowMs === MINUTE_MS ? 'a minute' : 'an hour';
      throw rateLimited(`You may give ${max} commands ${each}.`, { limit, max, windowMs, retryAfterMs: beganAt + windowMs - now });
    }
    for (const { window } of windows) {
      const count = window.get(holder);
      if (count === undefined) window.set(holder, { beganAt: now, commands: 1 });
      else count.commands++;
    }
  }
}

function forgetOver(window: Window, now: number, windowMs: number): void {
  for (const [holder, { beganAt }] of window) {
    // One that began later is of a clock that was set back.
    if (beganAt <= now && now - beganAt < windowMs) return;
    window.delete(holder);
  }
}
