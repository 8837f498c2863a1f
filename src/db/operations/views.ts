import type { Message, ToolApproval, ToolCall } from '../../protocol/message.ts';
import { idOfOwner, ownerOf, type Principal } from '../../protocol/principal.ts';
import type { RunInfo, ThreadInfo } from '../../protocol/procedures.ts';
import type { ShareInfo } from '../../protocol/share.ts';
import { shownUsage } from '../../protocol/usage.ts';
import type { ApprovalRow } from '../approvals.ts';
import type { MessageRow } from '../messages.ts';
import { previewOf } from '../preview.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import type { ShareRow } from '../shares.ts';
import type { ThreadRow } from '../threads.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { type Authority, mayWith } from './access.ts';

export function threadInfo(queries: Queries, row: ThreadRow, epoch: string, head = queries.events.head(row.key)): ThreadInfo {
  const active = queries.runs.openOfThread(row.key)[0];
  return {
    id: row.id,
    title: row.title,
    preview: previewOfThread(queries, row.key),
    metadata: row.metadata,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    head,
    floor: row.floor,
    epoch,
    ...(active !== undefined && { activeRunId: active.id }),
  };
}

/** What the caller is to a thread of somebody else's; nothing for its own. */
export function standingOf(authority: Authority, principal: Principal, thread: ThreadRow): Pick<ThreadInfo, 'access' | 'ownerId'> {
  if (thread.owner === ownerOf(principal)) return {};
  const access = (['manage', 'write', 'read'] as const).find((action) => mayWith(authority, principal, thread, action));
  return { ...(access !== undefined && { access }), ownerId: idOfOwner(thread.owner) };
}

export function shareInfo(queries: Queries, row: ShareRow, threadId: string): ShareInfo {
  const { id, access, owner, createdAt, createdBy, expiresAt } = row;
  const linkId = row.link === null ? undefined : queries.shares.byKey(row.link)?.id;
  return {
    id,
    threadId,
    access,
    ...(owner !== null && { with: idOfOwner(owner) }),
    ...(linkId !== undefined && { linkId }),
    createdAt,
    createdBy,
    ...(expiresAt !== null && { expiresAt }),
  };
}

export function runInfo(queries: Queries, row: RunRow, threadId: string): RunInfo {
  const parent = row.parent === null ? undefined : queries.runs.byKey(row.parent)?.id;
  return {
    id: row.id,
    threadId,
    agent: row.agent,
    status: row.status,
    attempt: row.attempt,
    firstSeq: row.firstSeq,
    createdAt: row.createdAt,
    usage: shownUsage(row.usage),
    ...(parent !== undefined && { parentRunId: parent }),
    ...(row.parentCallId !== null && { parentCallId: row.parentCallId }),
    ...(row.task !== null && { task: row.task }),
    ...(row.currentAgent !== null && { currentAgent: row.currentAgent }),
    ...(row.startedAt !== null && { startedAt: row.startedAt }),
    ...(row.endedAt !== null && { endedAt: row.endedAt }),
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.output !== null && { output: row.output }),
    ...(row.error !== null && { error: row.error }),
  };
}

/** Rows as messages, with their tool calls, in the order of the rows. */
export function messagesOf(queries: Queries, rows: readonly MessageRow[], calls: readonly ToolCallRow[]): Message[] {
  const callsOf = new Map<number, ToolCallRow[]>();
  for (const call of calls) {
    const others = callsOf.get(call.message);
    if (others === undefined) callsOf.set(call.message, [call]);
    else others.push(call);
  }
  const asked = calls.filter((call) => call.waitsFor !== null).map((call) => call.key);
  const approvals = new Map(queries.approvals.ofCalls(asked).map((approval) => [approval.call, approval]));
  const runs = new Map<number, RunRow | undefined>();
  const runOf = (key: number | null): RunRow | undefined => {
    if (key === null) return undefined;
    if (!runs.has(key)) runs.set(key, queries.runs.byKey(key));
    return runs.get(key);
  };
  return rows.map((row) => {
    const run = runOf(row.run);
    const toolCalls = (callsOf.get(row.key) ?? []).map((call) => toolCallOf(call, approvals.get(call.key)));
    return messageOf(row, toolCalls, { runId: run?.id, parentRunId: runOf(run?.parent ?? null)?.id });
  });
}

function messageOf(
  row: MessageRow,
  toolCalls: readonly ToolCall[],
  { runId, parentRunId }: { readonly runId: string | undefined; readonly parentRunId: string | undefined },
): Message {
  const { id, at } = row;
  // A message that a retry withdrew keeps its text, for forks from before.
  const text = row.status === 'discarded' ? '' : row.text;
  const of = {
    ...(runId !== undefined && { runId }),
    ...(row.agent !== null && { agent: row.agent }),
  };
  if (row.role === 'user') {
    return {
      id,
      role: 'user',
      text,
      at,
      ...of,
      status: row.status === 'queued' || row.status === 'dropped' ? row.status : 'complete',
      ...(row.metadata !== null && { metadata: row.metadata }),
      ...(row.attachments !== null && { attachments: row.attachments }),
      ...(row.principalId !== null && { principalId: row.principalId }),
    };
  }
  return {
    id,
    role: 'assistant',
    text,
    at,
    ...of,
    ...(parentRunId !== undefined && { parentRunId }),
    status: row.status === 'streaming' || row.status === 'discarded' ? row.status : 'complete',
    ...(row.reasoning !== null && row.status !== 'discarded' && { reasoning: row.reasoning }),
    ...(row.finish !== null && { finish: row.finish }),
    toolCalls,
  };
}

function toolCallOf(row: ToolCallRow, approval: ApprovalRow | undefined): ToolCall {
  return {
    callId: row.id,
    tool: row.tool,
    status: row.status === 'ready' ? readyStatus(row) : row.status,
    ...(row.waitsFor !== null && { waitsFor: row.waitsFor }),
    ...(row.expiresAt !== null && { expiresAt: row.expiresAt }),
    ...(approval !== undefined && { approval: approvalOf(approval) }),
    ...(row.editedInput !== null && { editedInput: row.editedInput }),
    ...(row.file !== null && { file: row.file }),
    ...(row.rejected === null ? { input: row.input } : { rejected: row.rejected }),
    ...(row.status === 'completed' && { output: row.output }),
    ...(row.error !== null && { error: row.error }),
  };
}

/** What a call that was let through, and has not begun, is for readers: its run will begin it by itself. */
function readyStatus({ waitsFor }: ToolCallRow): 'running' | 'waiting' {
  return waitsFor === 'agent' || waitsFor === 'agents' ? 'waiting' : 'running';
}

function approvalOf({ status, role, question, by, reason }: ApprovalRow): ToolApproval {
  return {
    status,
    ...(role !== null && { role }),
    ...(question !== null && { question }),
    ...(by !== null && { by }),
    ...(reason !== null && { reason }),
  };
}

/** How a thread begins, for lists. */
export function previewOfThread(queries: Queries, thread: number): string | null {
  return previewOf(queries.messages.beginning(thread) ?? '');
}
