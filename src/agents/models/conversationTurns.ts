import type { Json, JsonObject } from '../../protocol/json.ts';
import type { ModelAttachment, ModelMessage } from '../model.ts';

export type UserTurn = { readonly role: 'user'; readonly text: string; readonly attachments: readonly ModelAttachment[] };
export type AnswerTurn = Extract<ModelMessage, { role: 'assistant' }>;
export type ResultTurn = Extract<ModelMessage, { role: 'tool' }>;
export type Turn = UserTurn | AnswerTurn | ResultTurn;

/**
 * The turns of a conversation that say anything: several providers refuse an empty one. Several users in a row are one turn, and so is what
 * the assistant says in a row up to its next tool calls: chat templates of many models demand that roles alternate.
 */
export function conversationTurns(messages: readonly ModelMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const previous = turns.at(-1);
    if (message.role === 'user') {
      const { attachments = [] } = message;
      if (message.text.trim() === '' && attachments.length === 0) continue;
      if (previous?.role !== 'user') turns.push({ role: 'user', text: message.text, attachments });
      else {
        const text = joined(previous.text, message.text);
        turns[turns.length - 1] = { role: 'user', text, attachments: [...previous.attachments, ...attachments] };
      }
    } else if (message.role === 'assistant') {
      if (message.text.trim() === '' && message.toolCalls.length === 0) continue;
      if (previous?.role !== 'assistant' || previous.toolCalls.length > 0) turns.push(message);
      else turns[turns.length - 1] = { ...message, text: joined(previous.text, message.text) };
    } else turns.push(message);
  }
  return turns;
}

function joined(a: string, b: string): string {
  return a.trim() === '' || b.trim() === '' ? a + b : `${a}\n\n${b}`;
}

/** Arguments are an object on every wire, also those of a tool that takes something else. */
export function argumentsObject(input: Json): JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as JsonObject) : { value: input };
}

/** A result as text, for a wire without a mark for a failed call: the content says it. */
export function resultText({ output, isError }: ResultTurn): string {
  const result = isError ? { error: output } : output;
  return typeof result === 'string' ? result : JSON.stringify(result);
}
