import type { AnyEvent } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';

const REMARKS = ['agent.handoff', 'agent.routed', 'model.switched', 'guard.verdict', 'run.resumed', 'data', 'tool.hosted'] as const;

export type RemarkEvent = Extract<AnyEvent, { readonly type: (typeof REMARKS)[number] }>;

/** Something that happened in a run and is no part of a message, and where: a front end shows it between the messages. */
export interface RunRemark {
  readonly event: RemarkEvent;
  /** The last message of the run before it that was not withdrawn. Absent: it comes before all that the run says. */
  readonly afterMessageId?: string;
}

/**
 * The remarks of a run after one more event of it; `messages` are those that the event left, the run's among them. What goes without saying is none:
 * a guard's `pass`, a run that was resumed by an answer. Of data parts of one name at one place only the last is kept, where the first was, and of a tool
 * that the provider carries out its outcome alone.
 */
export function foldRemarks(remarks: readonly RunRemark[], event: AnyEvent, messages: readonly Message[]): readonly RunRemark[] {
  if (event.type === 'message.discarded') {
    if (!remarks.some((remark) => remark.afterMessageId === event.messageId)) return remarks;
    const last = placeBefore(messages, event.runId, event.messageId);
    return remarks.map((remark) => (remark.afterMessageId === event.messageId ? { event: remark.event, ...last } : remark));
  }
  if (!isRemark(event)) return remarks;
  const place = placeOf(event, messages);
  const earlier = remarks.findIndex((remark) => remark.afterMessageId === place.afterMessageId && isSame(remark.event, event));
  const remark = { event, ...place };
  return earlier === -1 ? [...remarks, remark] : remarks.with(earlier, remark);
}

function isRemark(event: AnyEvent): event is RemarkEvent {
  if (event.type === 'guard.verdict') return event.verdict !== 'pass';
  if (event.type === 'run.resumed') return event.reason !== 'answered';
  return (REMARKS as readonly string[]).includes(event.type);
}

/** The later one says what the earlier one said, as it is now. */
function isSame(earlier: RemarkEvent, later: RemarkEvent): boolean {
  if (later.type === 'data') return earlier.type === 'data' && earlier.name === later.name;
  return later.type === 'tool.hosted' && earlier.type === 'tool.hosted' && earlier.id === later.id;
}

/** A verdict stands with what it is about. */
function placeOf(event: RemarkEvent, messages: readonly Message[]): Pick<RunRemark, 'afterMessageId'> {
  const judged = event.type === 'guard.verdict' ? messages.findLast(({ id }) => id === event.messageId) : undefined;
  return judged === undefined ? placeBefore(messages, event.runId) : { afterMessageId: judged.id };
}

/** The last message of the run that was not withdrawn; with `messageId`, the last one before that. */
function placeBefore(messages: readonly Message[], runId: string, messageId?: string): Pick<RunRemark, 'afterMessageId'> {
  const end = messageId === undefined ? messages.length : messages.findLastIndex(({ id }) => id === messageId);
  const last = messages.findLast((message, index) => index < end && message.runId === runId && message.status !== 'discarded');
  return last === undefined ? {} : { afterMessageId: last.id };
}
