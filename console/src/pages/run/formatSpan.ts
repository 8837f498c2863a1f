import { formatDuration } from '../../ui/formats.ts';

const HOUR_MS = 3_600_000;

export function formatSpan(ms: number): string {
  if (ms < HOUR_MS) return formatDuration(ms);
  return `${Math.floor(ms / HOUR_MS)} h ${Math.round((ms % HOUR_MS) / 60_000)} min`;
}

/** Since the beginning of a run. */
export function formatOffset(ms: number): string {
  if (ms >= HOUR_MS) return formatSpan(ms);
  const seconds = ms / 1_000;
  return seconds < 60 ? `${seconds.toFixed(3)} s` : `${Math.floor(seconds / 60)} min ${(seconds % 60).toFixed(1)} s`;
}
