import { useEffect, useState } from 'react';
import type { ThreadInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { useTitle } from '../../ui/useTitle.ts';
import { titleOf } from '../threads/titleOf.ts';

/** A title is made in the background after the first answer: it is asked for again after these times. */
const LATER_MS = [0, 2_000, 10_000];

/** What is known of the thread besides its messages; its title is the document's. Asked again when a run has begun or ended. */
export function useThreadInfo(
  threadId: string | undefined,
  { isAtWork, isFailed }: { readonly isAtWork: boolean; readonly isFailed: boolean },
): ThreadInfo | undefined {
  const client = useClient();
  const [info, setInfo] = useState<ThreadInfo>();
  const own = info?.id === threadId ? info : undefined;
  const hasTitle = own?.title != null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a run that has begun or ended is a reason to ask again.
  useEffect(() => {
    if (threadId === undefined) return;
    const asking = new AbortController();
    const timers = LATER_MS.slice(0, hasTitle ? 1 : undefined).map((ms) =>
      setTimeout(() => {
        client.threads.get({ threadId }, { signal: asking.signal }).then(setInfo, () => {}); // Why it cannot be read is told by the thread.
      }, ms),
    );
    return () => {
      asking.abort();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [client, threadId, isAtWork, hasTitle]);

  useTitle(threadId === undefined ? strings.chat.newThread : isFailed ? strings.chat.noThread : titleOf(own, strings.chat.untitled));
  return own;
}
