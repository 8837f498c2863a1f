import { useEffect, useRef, useState } from 'react';
import type { ToolCall } from 'verbatim-agents/client';

/** Of calls that were seen to begin, by this machine's clock: messages do not say when their calls were made. Bounded by the oldest going. */
const begun = new Map<string, { readonly at: number; took?: number }>();
const MAX_KEPT = 1_000;

/** How long a call took, or undefined for one that was not seen to begin. */
export function useCallTime({ callId, status }: ToolCall): number | undefined {
  const [tookMs, setTook] = useState(() => begun.get(callId)?.took);
  const before = useRef<ToolCall['status']>(undefined);
  useEffect(() => {
    const isOver = status === 'completed' || status === 'failed';
    const time = begun.get(callId);
    // One that waits has not begun.
    if (status === 'running' && (time === undefined || before.current === 'waiting')) {
      begun.set(callId, { at: performance.now() });
      const oldest = begun.size > MAX_KEPT ? begun.keys().next().value : undefined;
      if (oldest !== undefined) begun.delete(oldest);
    }
    if (isOver && time !== undefined && time.took === undefined) {
      time.took = performance.now() - time.at;
      setTook(time.took);
    }
    before.current = status;
  }, [callId, status]);
  return tookMs;
}
