import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

const TOLERANCE_S = 30;

/** Names the machine's present boot. The same as long as it runs, also for other processes and for containers on it. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux: the time of the boot, which the clock's corrections move by some seconds.
    return `at ${Math.round(Date.now() / 1000 - uptime())}`;
  }
}

export function isSameBoot(a: string, b: string): boolean {
  const [atA, atB] = [bootTime(a), bootTime(b)];
  return atA === undefined || atB === undefined ? a === b : Math.abs(atA - atB) <= TOLERANCE_S;
}

function bootTime(id: string): number | undefined {
  return id.startsWith('at ') ? Number(id.slice(3)) : undefined;
}
