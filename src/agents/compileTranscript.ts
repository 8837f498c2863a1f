import type { TranscriptMessage } from '../db/operations/transcript.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Json } from '../protocol/json.ts';
import type { AssistantMessage, ToolCall } from '../protocol/message.ts';
import type { ModelMessage } from './model.ts';

type Answer = AssistantMessage & Pick<TranscriptMessage, 'providerState'>;
/** A turn before its files are there: `loadAttachments` puts them in. */
export type CompiledMessage =
  | { readonly role: 'user'; readonly text: string; readonly files?: readonly FileRef[] }
  | Exclude<ModelMessage, { readonly role: 'user' }>;

/**
 * A request that every model API accepts, from the messages of a run or a thread as they stood at any moment (P8): what waits, was dropped or
 * was withdrawn is left out, no message is empty, answers that follow one another are one, and every tool call has exactly one result right
 * behind it, a synthetic one where there is none.
 */
export function compileTranscript(messages: readonly TranscriptMessage[]): CompiledMessage[] {
  const said = messages.filter(isSaid);
  return said.flatMap((message, index): CompiledMessage[] => {
    if (message.role === 'user') {
      const { text, attachments = [] } = message;
      return [{ role: 'user', text: text.toWellFormed(), ...(attachments.length > 0 && { files: attachments }) }];
    }
    // Several agents that were asked at once, or an answer that was cut and one that follows it: one turn, by the last of them.
    if (endsTurn(message, said[index + 1])) return compileAnswer(message, turnBefore(said, index));
    return [];
  });
}

/** Whether a model is sent anything of it. */
export function isSaid(message: TranscriptMessage): boolean {
  if (message.role === 'user') return message.status === 'complete';
  return message.status !== 'discarded' && (message.text.trim() !== '' || message.toolCalls.length > 0);
}

const endsTurn = (message: Answer, next: TranscriptMessage | undefined): boolean =>
  message.toolCalls.length > 0 || next === undefined || next.role === 'user';

/** The answers without tool calls right before one, oldest first. */
function turnBefore(said: readonly TranscriptMessage[], index: number): readonly Answer[] {
  const before: Answer[] = [];
  for (let at = index - 1; at >= 0; at--) {
    const message = said[at];
    if (message?.role !== 'assistant' || message.toolCalls.length > 0) break;
    before.unshift(message);
  }
  return before;
}

function compileAnswer(message: Answer, before: readonly Answer[]): CompiledMessage[] {
  const { toolCalls, providerState } = message;
  return [
    {
      role: 'assistant',
      text: textOf([...before, message]),
      toolCalls: toolCalls.map((call) => ({ callId: call.callId, tool: nameOf(call), input: wellFormed(inputOf(call)) })),
      ...(providerState !== undefined && { providerState }),
    },
    ...toolCalls.map((call): CompiledMessage => ({ role: 'tool', callId: call.callId, tool: nameOf(call), ...wellFormedResult(call) })),
  ];
}

/** Who said what, when more than one did. */
function textOf(answers: readonly Answer[]): string {
  const said = answers.filter(({ text }) => text.trim() !== '');
  const agents = new Set(said.map(({ agent }) => agent));
  return said.map(({ agent, text }) => (agents.size > 1 ? `[${agent}]\n${text}` : text)).join('\n\n');
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

function wellFormedResult(call: ToolCall): { readonly output: Json; readonly isError: boolean } {
  const { output, isError } = resultOf(call);
  return { output: wellFormed(output), isError };
}

/** Tools cut text in the middle of a character, and providers refuse a request that holds half of one: for good, since it is in the log. */
function wellFormed(value: Json): Json {
  const text = JSON.stringify(value);
  // Only halves are escaped like this, and a backslash of the text itself is escaped by another.
  const whole = text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'));
  return whole === text ? value : JSON.parse(whole);
}

function resultOf(call: ToolCall): { readonly output: Json; readonly isError: boolean } {
  switch (call.status) {
    case 'completed':
      return {
        output: edited(call, call.file === undefined ? (call.output ?? null) : describeFile(call.file, call.output)),
        isError: false,
      };
    case 'failed': {
      const { code = 'TOOL_FAILED', message = 'The tool failed.' } = call.error ?? {};
      return { output: edited(call, { error: { code, message } }), isError: true };
    }
    case 'waiting':
    case 'running':
      return { output: { error: { code: 'OUTCOME_UNKNOWN', message: 'This call has not finished.' } }, isError: true };
  }
}

/** The model knows only what it asked for itself. */
function edited({ editedInput }: ToolCall, result: Json): Json {
  if (editedInput === undefined) return result;
  return { note: `A person let this call through with another input: ${JSON.stringify(editedInput)}`, result };
}

/** Tool results are text on most wires, so of a file the model gets what its event says. */
function describeFile({ type, size, name }: FileRef, preview: Json | undefined): Json {
  const note = `This is the beginning of a result of ${size} bytes, or says what it is. The user can open all of it. For more, ask for a part.`;
  return { preview: preview ?? '', file: { type, size, ...(name !== undefined && { name }) }, note };
}
