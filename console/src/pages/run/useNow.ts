import { useEffect, useState } from 'react';
import type { AnyEvent } from 'verbatim-agents/client';

const EVERY_MS = 200;

/** The time, while a run goes on: never before its last event, though the server's clock may be ahead of this one. */
export function useNow(goesOn: boolean, events: readonly AnyEvent[]): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!goesOn) return;
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, [goesOn]);
  return Math.max(now, events.at(-1)?.at ?? 0);
}
