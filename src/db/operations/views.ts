import type { Message, ToolCall } from '../../protocol/message.ts';
import type { RunInfo, ThreadInfo } from '../../protocol/procedures.ts';
import type { MessageRow } from '../messages.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';
import type { ToolCallRow } from '../toolCalls.ts';

export function threadInfo(queries: Queries, row: ThreadRow, epoch: string, head = queries.events.head(row.key)): ThreadInfo {
  const active = queries.runs.openOfThread(row.key)[0];
  return {
    id: row.id,
    title: row.title,
    metadata: row.metadata,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    head,
    floor: row.floor,
    epoch,
    ...(active !== undefined && { activeRunId: active.id }),
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
    usage: row.usage,
    ...(parent !== undefined && { parentRunId: parent }),
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
  const runIds = new Map<number, string | undefined>();
  return rows.map((row) => {
    if (row.run !== null && !runIds.has(row.run)) runIds.set(row.run, queries.runs.byKey(row.run)?.id);
    return messageOf(row, callsOf.get(row.key) ?? [], row.run === null ? undefined : runIds.get(row.run));
  });
}

function messageOf(row: MessageRow, calls: readonly ToolCallRow[], runId: string | undefined): Message {
  const base = {
    id: row.id,
    text: row.text,
    at: row.at,
    ...(runId !== undefined && { runId }),
    ...(row.agent !== null && { agent: row.agent }),
  };
  if (row.role === 'user') {
    return {
      ...base,
      role: 'user',
      status: row.status === 'queued' || row.status === 'dropped' ? row.status : 'complete',
      ...(row.metadata !== null && { metadata: row.metadata }),
      ...(row.principalId !== null && { principalId: row.principalId }),
    };
  }
  return {
    ...base,
    role: 'assistant',
    status: row.status === 'streaming' || row.status === 'discarded' ? row.status : 'complete',
    ...(row.reasoning !== null && { reasoning: row.reasoning }),
    ...(row.finish !== null && { finish: row.finish }),
    toolCalls: calls.map(toolCallOf),
  };
}

function toolCallOf(row: ToolCallRow): ToolCall {
  return {
    callId: row.id,
    tool: row.tool,
    status: row.status === 'ready' ? 'running' : row.status,
    ...(row.waitsFor !== null && { waitsFor: row.waitsFor }),
    ...(row.expiresAt !== null && { expiresAt: row.expiresAt }),
    ...(row.editedInput !== null && { editedInput: row.editedInput }),
    ...(row.file !== null && { file: row.file }),
    ...(row.rejected === null ? { input: row.input } : { rejected: row.rejected }),
    ...(row.status === 'completed' && { output: row.output }),
    ...(row.error !== null && { error: row.error }),
  };
}
