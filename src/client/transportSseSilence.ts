import type { Clock } from '../protocol/clock.ts';
import { isRecord } from './transportMessage.ts';

/** A stream on which nothing arrives for this long is taken for dead and asked for again, unless the server names a time of its own. */
const SILENCE_MS = 75_000;

export interface Silence {
  /** Takes the time that the server's `connected` event says. */
  limit(connected: string): void;
  heard(): void;
  stop(): void;
}

/** Calls `onSilent` once, when nothing was heard for too long, unless it is stopped before. One timer, however much is heard. */
export function watchSilence(clock: Clock, onSilent: () => void): Silence {
  let limitMs = SILENCE_MS;
  let heard = false;
  let stop = () => {};
  const watch = () => {
    heard = false;
    stop = clock.after(limitMs, () => {
      if (heard) watch();
      else onSilent();
    });
  };
  watch();
  return {
    limit(connected) {
      limitMs = silenceOf(connected);
      stop();
      watch();
    },
    heard() {
      heard = true;
    },
    stop: () => stop(),
  };
}

function silenceOf(connected: string): number {
  const options: unknown = JSON.parse(connected);
  const given = isRecord(options) ? options.reconnectAfterInactivityMs : undefined;
  return typeof given === 'number' && given > 0 ? given : SILENCE_MS;
}
