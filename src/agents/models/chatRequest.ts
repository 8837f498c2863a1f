import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import type { JsonObject } from '../../protocol/json.ts';
import type { ModelMessage, ModelRequest } from '../model.ts';

export type MaxTokensField = 'max_tokens' | 'max_completion_tokens';

export interface ChatRequestOptions {
  readonly model: string;
  readonly maxTokensField: MaxTokensField;
  /** Asks for the usage at the end. Some servers refuse the field. */
  readonly streamOptions: boolean;
  /** Fields of the provider's own, put over ours. */
  readonly extraBody: JsonObject;
}

/** A request as Chat Completions takes it. Fields without a value are left out, since some servers refuse an empty list or a null. */
export function chatRequest(request: ModelRequest, options: ChatRequestOptions): ChatCompletionCreateParamsStreaming {
  const { temperature, maxOutputTokens } = request.options;
  return {
    model: options.model,
    messages: [
      ...(request.instructions === '' ? [] : [{ role: 'system', content: request.instructions } as const]),
      ...request.messages.flatMap(chatMessage),
    ],
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(chatTool) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { [options.maxTokensField]: maxOutputTokens }),
    ...options.extraBody,
    stream: true,
    ...(options.streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}

function chatTool(tool: ModelRequest['tools'][number]): ChatCompletionTool {
  return { type: 'function', function: { name: tool.name, description: tool.description, parameters: { ...tool.inputSchema } } };
}

function chatMessage(message: ModelMessage): ChatCompletionMessageParam[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.text }];
    case 'assistant': {
      if (message.toolCalls.length === 0) {
        // An empty turn says nothing, and several providers refuse it.
        return message.text === '' ? [] : [{ role: 'assistant', content: message.text }];
      }
      const calls = message.toolCalls.map(({ callId, tool, input }) => ({
        id: callId,
        type: 'function' as const,
        function: { name: tool, arguments: JSON.stringify(input) },
      }));
      return [{ role: 'assistant', content: message.text === '' ? null : message.text, tool_calls: calls }];
    }
    case 'tool': {
      // Chat Completions has no mark for a failed call: the content says it.
      const output = message.isError ? { error: message.output } : message.output;
      return [{ role: 'tool', tool_call_id: message.callId, content: typeof output === 'string' ? output : JSON.stringify(output) }];
    }
  }
}
