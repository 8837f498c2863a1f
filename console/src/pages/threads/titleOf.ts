import type { ThreadInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';

export function titleOf(thread: ThreadInfo | undefined): string {
  const title = thread?.title?.trim();
  return title === undefined || title === '' ? strings.threads.untitled : title;
}
