import type { AssistantMessage, Message, RunRemark, UserMessage } from 'verbatim-agents/client';
import type { Shown } from 'verbatim-agents/react';
import type { Runs } from './runView.ts';

/** A line of the conversation. */
export type Row =
  | { readonly kind: 'user'; readonly key: string; readonly message: UserMessage & Shown }
  | {
      readonly kind: 'assistant';
      readonly key: string;
      readonly message: AssistantMessage & Shown;
      readonly isFirst: boolean;
      readonly forkSeq?: number;
    }
  /** What happened in its run after the message before. */
  | { readonly kind: 'remarks'; readonly key: string; readonly remarks: readonly RunRemark[] }
  /** What runs that were asked at once say, side by side. */
  | { readonly kind: 'children'; readonly key: string; readonly runId: string }
  /** Below what a run said: how it stands, and what can be done with it. */
  | { readonly kind: 'run'; readonly key: string; readonly runId: string; readonly isLast: boolean }
  /** Below messages that a fork copied, or that were imported, and that nothing follows: what can be done with them. */
  | { readonly kind: 'copied'; readonly key: string };

/**
 * Messages, and after the last one of each run the run itself. What was withdrawn is not shown. `isWhole`: they are all from the beginning on.
 */
export function rowsOf(messages: readonly (Message & Shown)[], runs: Runs, isWhole: boolean): readonly Row[] {
  const rows: Row[] = [];
  const lastOf = new Map<string, number>();
  for (const [index, message] of messages.entries()) {
    if (message.runId !== undefined && !isHidden(message)) lastOf.set(message.runId, index);
  }
  let speaker: string | undefined;
  let lastRun: number | undefined;
  for (const [index, message] of messages.entries()) {
    const { runId, key } = message;
    if (message.role === 'user') {
      rows.push({ kind: 'user', key, message });
      speaker = undefined;
    } else if (!isHidden(message)) {
      const isFirst = speaker !== `${runId} ${message.agent}`;
      speaker = `${runId} ${message.agent}`;
      // What was copied has the first positions, one each.
      const isForked = isWhole && runId === undefined && messages[index + 1]?.role === 'user';
      rows.push({ kind: 'assistant', key, message, isFirst, ...(isForked && { forkSeq: index + 1 }) });
    }
    const remarks = runId === undefined ? [] : remarksAfter(runs[runId]?.remarks ?? [], message.id);
    if (remarks.length > 0) rows.push({ kind: 'remarks', key: `remarks ${message.id}`, remarks });
    if (runId === undefined || lastOf.get(runId) !== index || (message.role === 'user' && message.status === 'queued')) continue;
    if (askedAtOnce(runs, runId).length > 0) rows.push({ kind: 'children', key: `children ${runId}`, runId });
    lastRun = rows.length;
    rows.push({ kind: 'run', key: `run ${runId}`, runId, isLast: false });
    speaker = undefined;
  }
  const last = lastRun === undefined ? undefined : rows[lastRun];
  if (lastRun !== undefined && last?.kind === 'run') rows[lastRun] = { ...last, isLast: true };
  const end = messages.findLast((message) => !isHidden(message));
  const isAsked = messages.some(({ role, status }) => role === 'user' && status === 'complete');
  if (end !== undefined && end.runId === undefined && end.pending === undefined && isAsked)
    rows.push({ kind: 'copied', key: `copied ${end.id}` });
  return rows;
}

/** What happened in a run after one of its messages, and before the next; without one, before the first. */
export function remarksAfter(remarks: readonly RunRemark[], messageId: string | undefined): readonly RunRemark[] {
  return remarks.filter(({ afterMessageId }) => afterMessageId === messageId);
}

/** Child runs of a run that belong to no call of its own, as far as it is known of them. */
export function askedAtOnce(runs: Runs, runId: string): readonly string[] {
  return (runs[runId]?.children ?? []).filter((id) => runs[id]?.agent !== undefined && runs[id].parentCallId === undefined);
}

function isHidden(message: Message): boolean {
  if (message.role !== 'assistant') return false;
  return (
    message.status === 'discarded' ||
    (message.status === 'complete' && message.text === '' && message.toolCalls.length === 0 && message.reasoning === undefined)
  );
}
