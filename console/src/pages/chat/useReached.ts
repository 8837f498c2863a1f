import { useConnection } from 'verbatim-agents/react';

/** Whether what is known of runs at work is of now: without a connection they may have gone on, or ended. */
export function useReached(): boolean {
  const { status, reason } = { reason: undefined, ...useConnection() };
  // An attempt after a failed one has its reason still: it is not the first.
  return status === 'online' || status === 'idle' || (status === 'connecting' && reason === undefined);
}
