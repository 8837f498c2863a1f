import type { Message } from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { Page } from '../../protocol/procedures.ts';
import type { RunStep, SentStep, SentTool } from '../../protocol/runStep.ts';
import { boundedPage, jsonBytes } from '../boundedPage.ts';
import { decodePageToken, encodePageToken } from '../pageToken.ts';
import type { Queries } from '../queries.ts';
import type { StepOfMessage } from '../steps.ts';
import { type Authority, assertMayInspect, noSuch, openRun } from './access.ts';
import { type TranscriptMessage, transcript } from './transcript.ts';

/** The model calls of a run, oldest first. */
export function listSteps(
  authority: Authority,
  principal: Principal,
  filter: {
    readonly runId: string;
    readonly limit: number;
    readonly maxBytes?: number | undefined;
    readonly pageToken?: string | undefined;
  },
): Page<RunStep> {
  const { runId, limit, maxBytes = Number.POSITIVE_INFINITY, pageToken } = filter;
  const { queries } = authority;
  const { run } = openRun(authority, principal, runId, 'read');
  const [first = 0] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
  const { rows, more } = boundedPage<StepOfMessage>({
    limit,
    maxBytes,
    read: (row, rowLimit) => queries.steps.page(run.key, { after: row?.step.number ?? first, limit: rowLimit }),
    sizeOf: ({ step, message }) => jsonBytes(step.options, step.usage, step.model, message.agent),
  });
  const last = rows.at(-1);
  return {
    items: rows.map((row) => runStep(queries, row)),
    ...(more && last !== undefined && { nextPageToken: encodePageToken([last.step.number]) }),
  };
}

/** What was sent at one of them, compiled again from what is stored: the newest messages, within so many bytes. */
export function sentStep(
  authority: Authority,
  principal: Principal,
  { runId, step: number, maxBytes }: { readonly runId: string; readonly step: number; readonly maxBytes: number },
): SentStep {
  const { queries } = authority;
  const { run, thread } = openRun(authority, principal, runId, 'read');
  assertMayInspect(authority, principal, thread);
  const [row] = queries.steps.page(run.key, { after: number - 1, limit: 1 });
  if (row?.step.number !== number) throw noSuch('step of this run');
  const { step } = row;
  const messages = transcript(queries, run, step.seq).map(withoutState);
  const shown = newestWithin(messages, maxBytes);
  return {
    ...runStep(queries, row),
    instructions: queries.steps.prompt(step.instructions) ?? '',
    // Written by `startStep`.
    tools: JSON.parse(queries.steps.prompt(step.tools) ?? '[]') as readonly SentTool[],
    messages: shown,
    ...(shown.length < messages.length && { earlier: true }),
    ...(step.note !== null && { note: step.note }),
  };
}

function runStep(queries: Queries, { step, message }: StepOfMessage): RunStep {
  const seq = message.receivedSeq;
  const firstTokenAt = queries.events.firstDeltaAt(message.thread, message.key, seq);
  return {
    number: step.number,
    attempt: step.attempt,
    ...(message.agent !== null && { agent: message.agent }),
    model: step.model,
    messageId: message.id,
    seq,
    options: step.options,
    ...(message.status === 'discarded' && { discarded: true }),
    ...(step.finish !== null && { finish: step.finish }),
    ...(step.usage !== null && { usage: step.usage }),
    startedAt: step.startedAt,
    ...(firstTokenAt !== undefined && { firstTokenAt }),
    ...(step.endedAt !== null && { endedAt: step.endedAt }),
  };
}

/** What a provider wants back is nobody's to see. */
function withoutState({ providerState: _, ...message }: TranscriptMessage): Message {
  return message;
}

/** At least one. */
function newestWithin(messages: readonly Message[], maxBytes: number): readonly Message[] {
  let bytes = 0;
  const from = messages.findLastIndex((message) => {
    bytes += Buffer.byteLength(JSON.stringify(message));
    return bytes > maxBytes;
  });
  return messages.slice(Math.min(from + 1, messages.length - 1));
}
