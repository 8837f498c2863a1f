import type { Json } from '../protocol/json.ts';
import type { AssistantMessage, Message, ToolCall } from '../protocol/message.ts';
import type { ModelMessage } from './model.ts';

/**
 * A request that every model API accepts, from the messages of a thread as they stood at any moment (P8): what waits, was dropped or was
 * withdrawn is left out, no message is empty, and every tool call has exactly one result right behind it, a synthetic one where there is none.
 */
export function compileTranscript(messages: readonly Message[]): ModelMessage[] {
  return messages.flatMap((message): ModelMessage[] => {
    if (message.role === 'assistant') return compileAnswer(message);
    return message.status === 'complete' ? [{ role: 'user', text: message.text }] : [];
  });
}

function compileAnswer(message: AssistantMessage): ModelMessage[] {
  if (message.status === 'discarded' || (message.text.trim() === '' && message.toolCalls.length === 0)) return [];
  return [
    {
      role: 'assistant',
      text: message.text,
      toolCalls: message.toolCalls.map((call) => ({ callId: call.callId, tool: nameOf(call), input: inputOf(call) })),
    },
    ...message.toolCalls.map((call): ModelMessage => ({ role: 'tool', callId: call.callId, tool: nameOf(call), ...resultOf(call) })),
  ];
}

/** Providers refuse names that no tool can have, but a model may have called one: it is told by the result that there is no such tool. */
function nameOf(call: ToolCall): string {
  const name = call.tool.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
  return name === '' ? 'unnamed' : name;
}

/** Arguments must be a JSON object on every wire, also those that were not. */
function inputOf(call: ToolCall): Json {
  return call.rejected === undefined ? (call.input ?? {}) : { invalid_arguments: call.rejected };
}

function resultOf(call: ToolCall): { readonly output: Json; readonly isError: boolean } {
  switch (call.status) {
    case 'completed':
      return { output: call.output ?? null, isError: false };
    case 'failed':
      return {
        output: { error: { code: call.error?.code ?? 'TOOL_FAILED', message: call.error?.message ?? 'The tool failed.' } },
        isError: true,
      };
    case 'waiting':
    case 'running':
      return { output: { error: { code: 'OUTCOME_UNKNOWN', message: 'This call has not finished.' } }, isError: true };
  }
}
