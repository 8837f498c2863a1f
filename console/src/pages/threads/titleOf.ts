import type { ThreadInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';

/** What a thread is called: its title, or how it begins. */
export function titleOf(thread: Pick<ThreadInfo, 'title' | 'preview'> | undefined, untitled: string = strings.threads.untitled): string {
  return thread?.title?.trim() || thread?.preview || untitled;
}
