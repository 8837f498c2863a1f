import type { AssistantMessage, Message } from '../../protocol/message.ts';
import type { ProviderState } from '../../protocol/providerState.ts';
import type { MessageRow } from '../messages.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { asModelsSee } from './asModelsSee.ts';
import { messagesOf } from './views.ts';

/** A message as a model may be sent it: with what its provider gave with it. */
export type TranscriptMessage = Message & { readonly providerState?: ProviderState };

/**
 * What a run has before it at `seq`: of a root run the conversation, of a child run what it was asked, and what it has said itself. Of agents
 * that were asked at once each has the conversation, and not what the others say. What came later is left out, and an outcome that came
 * later is not there yet. Holds for every seq at which the run was not streaming, such as the start of a step, and also after the events below
 * it were folded. It is what models see: what guards made of the user's messages.
 */
export function transcript(queries: Queries, run: RunRow, seq: number): TranscriptMessage[] {
  const read = reader(queries, rowsOfThread(queries, run.thread, seq), seq, (row) => asModelsSee(row, seq, run));
  if (run.parent === null) return read.conversation(undefined);
  const own = read.messages((row) => row.run === run.key).map(withoutParent);
  if (run.task === null) return [...read.conversation(run.parent), ...own];
  return [{ id: `${run.id}_task`, role: 'user', runId: run.id, text: run.task, status: 'complete', at: run.createdAt }, ...own];
}

/** The part of it that is the run's own: what it was asked and has said. It costs as much as the run is long, and not as the thread is. */
export function ownTranscript(
  queries: Queries,
  run: RunRow,
  { calls, seq }: { readonly calls: readonly ToolCallRow[]; readonly seq: number },
): TranscriptMessage[] {
  const rows = { messages: queries.messages.takenOfRun(run.key, seq), calls };
  return reader(queries, rows, seq, (row) => asModelsSee(row, seq, run)).messages(() => true);
}

/** The conversation of a thread at `seq`, as people see it: what its root runs asked and said, and the answers of agents that were asked at once. */
export function conversation(queries: Queries, thread: number, seq: number): TranscriptMessage[] {
  return reader(queries, rowsOfThread(queries, thread, seq), seq).conversation(undefined);
}

interface Rows {
  readonly messages: readonly MessageRow[];
  readonly calls: readonly ToolCallRow[];
}

function rowsOfThread(queries: Queries, thread: number, seq: number): Rows {
  return { messages: queries.messages.taken(thread, seq), calls: queries.toolCalls.ofThread(thread) };
}

function reader(queries: Queries, of: Rows, seq: number, shown = (row: MessageRow): MessageRow => row) {
  const rows = of.messages
    .filter((row) => row.status !== 'dropped' && (row.discardedSeq === null || row.discardedSeq > seq))
    // Withdrawn later, by a retry.
    .map((row) => (row.status === 'discarded' && row.finish !== null ? { ...row, status: 'complete' as const } : row))
    .map((row) => shown(row));
  const calls = of.calls
    .filter((call) => call.calledSeq <= seq)
    .map((call) =>
      call.endedSeq !== null && call.endedSeq > seq ? { ...call, status: 'running' as const, output: null, file: null, error: null } : call,
    );
  const runs = new Map<number, RunRow | undefined>();
  const runOf = (key: number | null): RunRow | undefined => {
    if (key === null) return undefined;
    if (!runs.has(key)) runs.set(key, queries.runs.byKey(key));
    return runs.get(key);
  };
  const messages = (wanted: (row: MessageRow) => boolean): TranscriptMessage[] => {
    const found = rows.filter(wanted);
    return messagesOf(queries, found, calls).map((message, index) => {
      const providerState = found[index]?.providerState ?? undefined;
      return providerState === undefined ? message : { providerState, ...message };
    });
  };
  return {
    messages,
    /** `asking` is the run whose agents are being asked now: what they say is not part of it yet. */
    conversation: (asking: number | undefined): TranscriptMessage[] =>
      messages((row) => {
        const parent = runOf(row.run)?.parent ?? null;
        if (parent === null) return true;
        return parent !== asking && runOf(parent)?.agents != null && row.role === 'assistant' && row.text !== '';
      }).map((message) => (message.role === 'assistant' && message.parentRunId !== undefined ? answerAlone(message) : message)),
  };
}

function withoutParent(message: TranscriptMessage): TranscriptMessage {
  if (message.role === 'user') return message;
  const { parentRunId: _, ...rest } = message;
  return rest;
}

/** How an agent came to its answer, beside others, is its own affair. */
function answerAlone(message: AssistantMessage): AssistantMessage {
  const { parentRunId: _, reasoning: __, ...rest } = message;
  return { ...rest, toolCalls: [] };
}
