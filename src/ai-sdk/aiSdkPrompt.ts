import type { LanguageModelV3FilePart, LanguageModelV3Message, LanguageModelV3Prompt, LanguageModelV3TextPart } from '@ai-sdk/provider';
import type { ModelAttachment, ModelMessage } from '../agents/model.ts';
import { attachmentLine, takesType } from '../agents/models/attachmentParts.ts';
import { conversationTurns, type Turn } from '../agents/models/conversationTurns.ts';
import { answerParts, asValue, toolName } from './aiSdkState.ts';

/** Said for the person where a provider demands that a person has spoken. */
const GO_ON = 'Go on.';

export interface PromptOptions {
  readonly instructions: string;
  /** Media types that the model takes. */
  readonly attachments: readonly string[];
  /** Whose state to send back. Undefined for none. */
  readonly stateOf: string | undefined;
}

/**
 * A conversation as AI SDK providers take it. It begins with the user and ends with the user or with results, as Anthropic and Google
 * demand; roles alternate, and results stand together right behind their calls.
 */
export function aiSdkPrompt(messages: readonly ModelMessage[], options: PromptOptions): LanguageModelV3Prompt {
  const turns = conversationTurns(messages);
  const goOn: Turn = { role: 'user', text: GO_ON, attachments: [] };
  if (turns[0]?.role !== 'user') turns.unshift(goOn);
  if (turns.at(-1)?.role === 'assistant') turns.push(goOn);
  const prompt: LanguageModelV3Prompt = options.instructions === '' ? [] : [{ role: 'system', content: options.instructions }];
  for (const turn of turns) {
    const previous = prompt.at(-1);
    const message = messageOf(turn, options);
    if (previous?.role === 'tool' && message.role === 'tool') previous.content.push(...message.content);
    else prompt.push(message);
  }
  return prompt;
}

function messageOf(turn: Turn, options: PromptOptions): LanguageModelV3Message {
  switch (turn.role) {
    case 'user': {
      const files = turn.attachments.map((attachment) => filePart(attachment, options.attachments));
      return { role: 'user', content: [...(turn.text.trim() === '' ? [] : [{ type: 'text' as const, text: turn.text }]), ...files] };
    }
    case 'assistant': {
      const state = turn.providerState?.provider === options.stateOf ? turn.providerState : undefined;
      return { role: 'assistant', content: answerParts(turn, state) };
    }
    case 'tool': {
      const value = asValue(turn.output);
      const output =
        typeof value === 'string'
          ? { type: turn.isError ? ('error-text' as const) : ('text' as const), value }
          : { type: turn.isError ? ('error-json' as const) : ('json' as const), value };
      return { role: 'tool', content: [{ type: 'tool-result', toolCallId: turn.callId, toolName: toolName(turn.tool), output }] };
    }
  }
}

function filePart(attachment: ModelAttachment, taken: readonly string[]): LanguageModelV3TextPart | LanguageModelV3FilePart {
  const { name, type, bytes } = attachment;
  if (!takesType(taken, type)) return { type: 'text', text: attachmentLine(attachment) };
  return { type: 'file', mediaType: type, data: bytes, ...(name !== undefined && { filename: name }) };
}
