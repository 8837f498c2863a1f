import { formatDuration } from '../../ui/formats.ts';
import { formatTime } from '../../ui/formatTime.ts';

export function formatLimit(ms: number): string {
  return ms % 1_000 !== 0 ? formatDuration(ms) : formatTime(ms);
}
