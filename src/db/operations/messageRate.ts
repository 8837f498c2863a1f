import { rateLimited } from '../../protocol/limitError.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import { HOUR_MS, MINUTE_MS } from '../../protocol/time.ts';
import type { Tx } from '../groupCommit.ts';

interface Window {
  readonly limit: 'messagesPerMinute' | 'messagesPerHour' | 'messagesPerMinutePerTenant' | 'messagesPerHourPerTenant';
  readonly key: string;
  readonly windowMs: number;
  readonly max: number;
}

/** What a message of this principal counts for; nothing where there is no limit. */
function windowsOf({ limitsOf }: Pick<Tx, 'limitsOf'>, principal: Principal): readonly Window[] {
  const limits = limitsOf(principal);
  const owner = ownerOf(principal);
  const { tenant } = principal;
  const windows: Window[] = [
    { limit: 'messagesPerMinute', key: `minute:${owner}`, windowMs: MINUTE_MS, max: limits.messagesPerMinute },
    { limit: 'messagesPerHour', key: `hour:${owner}`, windowMs: HOUR_MS, max: limits.messagesPerHour },
  ];
  if (tenant !== undefined) {
    windows.push(
      { limit: 'messagesPerMinutePerTenant', key: `tenant-minute:${tenant}`, windowMs: MINUTE_MS, max: limits.messagesPerMinutePerTenant },
      { limit: 'messagesPerHourPerTenant', key: `tenant-hour:${tenant}`, windowMs: HOUR_MS, max: limits.messagesPerHourPerTenant },
    );
  }
  return windows.filter(({ max }) => Number.isFinite(max));
}

/** Throws `RATE_LIMITED` when the principal has to wait: for as long as the slowest of its limits says. To be called before anything is written. */
export function assertMessageRate(tx: Tx, principal: Principal): void {
  let slowest: (Window & { readonly retryAfterMs: number }) | undefined;
  for (const window of windowsOf(tx, principal)) {
    const count = tx.queries.rateCounts.get(window.key, tx.now, window.windowMs);
    if ((count?.points ?? 0) < window.max) continue;
    const retryAfterMs = count === undefined ? window.windowMs : count.expire - tx.now;
    if (slowest === undefined || retryAfterMs > slowest.retryAfterMs) slowest = { ...window, retryAfterMs };
  }
  if (slowest === undefined) return;
  const { limit, max, windowMs, retryAfterMs } = slowest;
  const whose = limit.endsWith('PerTenant') ? 'Your tenant may send' : 'You may send';
  throw rateLimited(`${whose} ${max} messages ${windowMs === MINUTE_MS ? 'a minute' : 'an hour'}.`, { limit, max, windowMs, retryAfterMs });
}

/** A message was made, in this transaction: what is refused, or answered with the receipt of then, counts for nothing. */
export function countMessage(tx: Tx, principal: Principal): void {
  for (const { key, windowMs } of windowsOf(tx, principal)) tx.queries.rateCounts.add(key, tx.now, windowMs);
}
