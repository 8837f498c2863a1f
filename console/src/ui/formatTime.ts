const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Seconds to days, as exactly as matters at that distance. */
export function formatTime(ms: number): string {
  if (ms >= DAY_MS) return joined([Math.floor(ms / DAY_MS), 'd'], [Math.floor((ms % DAY_MS) / HOUR_MS), 'h']);
  if (ms >= HOUR_MS) return joined([Math.floor(ms / HOUR_MS), 'h'], [Math.floor((ms % HOUR_MS) / MINUTE_MS), 'min']);
  if (ms >= 10 * MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms >= MINUTE_MS) return joined([Math.floor(ms / MINUTE_MS), 'min'], [Math.floor((ms % MINUTE_MS) / SECOND_MS), 's']);
  return `${Math.floor(ms / SECOND_MS)} s`;
}

function joined(whole: readonly [number, string], part: readonly [number, string]): string {
  return part[0] === 0 ? whole.join(' ') : `${whole.join(' ')} ${part.join(' ')}`;
}
