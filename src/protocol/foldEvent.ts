import type { AnyEvent, StoredEvent } from './event.ts';
import type { AssistantMessage, Message, ToolCall } from './message.ts';

/**
 * The messages of a thread after one more event. Pure, and the only definition of what events mean for messages: the client's reducer,
 * forks and the compiler of transcripts use it.
 *
 * Order: a user's message stands where it was taken (its run started, or a step took it); those still waiting come last.
 * Events may be merged ones. Discarded messages stay in the list, with their status, so that a reader can show or drop them.
 */
export function foldEvent(messages: readonly Message[], event: AnyEvent): readonly Message[] {
  switch (event.type) {
    case 'thread.snapshot':
      return event.messages;
    case 'message.received':
      return [
        ...messages,
        {
          id: event.messageId,
          role: 'user',
          runId: event.runId,
          agent: event.agent,
          text: event.text,
          ...(event.metadata !== undefined && { metadata: event.metadata }),
          ...(event.attachments !== undefined && { attachments: event.attachments }),
          principalId: event.principalId,
          status: 'queued',
          at: event.at,
        },
      ];
    case 'run.queued':
      // A steered message whose run ended first waits for a run of its own.
      if (event.messageId === undefined) return messages;
      return replace(messages, event.messageId, (message) => ({ ...message, runId: event.runId }));
    case 'run.started':
      return take(messages, (message) => message.runId === event.runId);
    case 'message.steered':
      return take(messages, (message) => message.id === event.messageId);
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return drop(messages, event.runId);
    case 'message.started':
      return insert(messages, {
        id: event.messageId,
        role: 'assistant',
        runId: event.runId,
        ...(event.parentRunId !== undefined && { parentRunId: event.parentRunId }),
        agent: event.agent,
        text: '',
        status: 'streaming',
        toolCalls: [],
        at: event.at,
      });
    case 'text.delta':
      return replaceAssistant(messages, event.messageId, (message) => ({ ...message, text: message.text + event.delta }));
    case 'reasoning.delta':
      return replaceAssistant(messages, event.messageId, (message) => ({
        ...message,
        reasoning: (message.reasoning ?? '') + event.delta,
      }));
    case 'message.completed':
      return replaceAssistant(messages, event.messageId, (message) => ({
        ...message,
        text: event.text,
        // The text comes without halves of characters; of the reasoning there are only the deltas.
        ...(message.reasoning !== undefined && { reasoning: message.reasoning.toWellFormed() }),
        status: 'complete',
        finish: event.finish,
      }));
    case 'message.discarded':
      return replaceAssistant(messages, event.messageId, ({ reasoning: _, ...message }) => ({
        ...message,
        text: '',
        status: 'discarded',
      }));
    case 'tool.called':
      return replaceAssistant(messages, event.messageId, (message) =>
        withCall(message, {
          callId: event.callId,
          tool: event.tool,
          input: event.input,
          status: event.waitsFor === undefined ? 'running' : 'waiting',
          ...(event.waitsFor !== undefined && { waitsFor: event.waitsFor }),
          ...(event.expiresAt !== undefined && { expiresAt: event.expiresAt }),
        }),
      );
    case 'approval.requested':
      return replaceCall(messages, event, (call) => ({
        ...call,
        approval: {
          status: 'pending',
          ...(event.role !== undefined && { role: event.role }),
          ...(event.question !== undefined && { question: event.question }),
        },
      }));
    case 'approval.resolved':
      return replaceCall(messages, event, ({ expiresAt, ...call }) => ({
        ...call,
        // A call that a person let through is carried out at once; what else may come of it is its own event.
        ...(event.decision === 'approved' && { status: event.waitsFor === undefined ? 'running' : 'waiting' }),
        ...withExpiry(event.decision === 'approved' ? event.expiresAt : expiresAt),
        ...(event.waitsFor !== undefined && { waitsFor: event.waitsFor }),
        ...(event.input !== undefined && { editedInput: event.input }),
        approval: {
          ...call.approval,
          status: event.decision,
          by: event.by,
          ...(event.reason !== undefined && { reason: event.reason }),
        },
      }));
    case 'tool.progress':
      return replaceCall(messages, event, (call) => ({ ...call, progress: event.data }));
    case 'tool.completed':
      return replaceCall(messages, event, ({ progress: _, ...call }) => ({ ...call, status: 'completed', output: event.output }));
    case 'tool.file':
      return replaceCall(messages, event, ({ progress: _, ...call }) => ({
        ...call,
        status: 'completed',
        output: event.preview,
        file: event.file,
      }));
    case 'tool.failed': {
      const { rejected } = event;
      if (rejected === undefined) {
        return replaceCall(messages, event, ({ progress: _, ...call }) => ({ ...call, status: 'failed', error: event.error }));
      }
      return replaceAssistant(messages, rejected.messageId, (message) =>
        withCall(message, {
          callId: event.callId,
          tool: event.tool,
          rejected: rejected.arguments,
          status: 'failed',
          error: event.error,
        }),
      );
    }
    case 'run.resumed':
    case 'run.waiting':
    case 'run.status':
    case 'tool.input.delta':
    case 'agent.handoff':
    case 'agent.routed':
    case 'model.switched':
    case 'guard.verdict':
    case 'tool.hosted':
    case 'data':
      return messages;
    default:
      // An event of a newer server: it may mean something, but nothing that this version can show.
      event satisfies never;
      return messages;
  }
}

export function foldEvents(events: Iterable<StoredEvent>, from: readonly Message[] = []): readonly Message[] {
  let messages = from;
  for (const event of events) messages = foldEvent(messages, event);
  return messages;
}

function replace(messages: readonly Message[], id: string, change: (message: Message) => Message): readonly Message[] {
  const index = messages.findLastIndex((message) => message.id === id);
  const found = messages[index];
  return found === undefined ? messages : messages.with(index, change(found));
}

function replaceAssistant(
  messages: readonly Message[],
  id: string,
  change: (message: AssistantMessage) => AssistantMessage,
): readonly Message[] {
  return replace(messages, id, (message) => (message.role === 'assistant' ? change(message) : message));
}

function replaceCall(
  messages: readonly Message[],
  event: { readonly callId: string; readonly runId: string },
  change: (call: ToolCall) => ToolCall,
): readonly Message[] {
  const index = messages.findLastIndex(
    (message) => message.role === 'assistant' && message.toolCalls.some((call) => call.callId === event.callId),
  );
  const found = messages[index];
  if (found?.role !== 'assistant') return messages;
  const toolCalls = found.toolCalls.map((call) => (call.callId === event.callId ? change(call) : call));
  return messages.with(index, { ...found, toolCalls });
}

const withExpiry = (expiresAt: number | undefined) => (expiresAt === undefined ? {} : { expiresAt });

function withCall(message: AssistantMessage, call: ToolCall): AssistantMessage {
  return { ...message, toolCalls: [...message.toolCalls, call] };
}

const isWaiting = (message: Message): boolean => message.role === 'user' && message.status === 'queued';

/** Puts a message after everything that was taken, before those that wait. */
function insert(messages: readonly Message[], message: Message): readonly Message[] {
  const firstWaiting = messages.findIndex(isWaiting);
  return firstWaiting === -1 ? [...messages, message] : messages.toSpliced(firstWaiting, 0, message);
}

/** Only the first waiting message of a run is its own; others of the same run are steers that a step takes. */
function take(messages: readonly Message[], matches: (message: Message) => boolean): readonly Message[] {
  const index = messages.findIndex((message) => isWaiting(message) && matches(message));
  const found = messages[index];
  if (found?.role !== 'user') return messages;
  return insert(messages.toSpliced(index, 1), { ...found, status: 'complete' });
}

function drop(messages: readonly Message[], runId: string): readonly Message[] {
  const waiting = messages.find((message) => isWaiting(message) && message.runId === runId);
  if (waiting?.role !== 'user') return messages;
  return insert(
    messages.filter((message) => message !== waiting),
    { ...waiting, status: 'dropped' },
  );
}
