import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import type { ModelAttachment, ModelRequest } from '../model.ts';
import { withOutputInstructions } from '../outputInstructions.ts';
import { attachmentLine, dataUrl, fileName, takesType } from './attachmentParts.ts';
import { argumentsObject, conversationTurns, resultText, type Turn } from './conversationTurns.ts';
import type { WireRequestOptions } from './openaiWire.ts';
import { strictSchema } from './strictSchema.ts';

/** A request as Chat Completions takes it. Fields without a value are left out, since some servers refuse an empty list or a null. */
export function chatRequest(request: ModelRequest, options: WireRequestOptions): ChatCompletionCreateParamsStreaming {
  const { temperature, maxOutputTokens } = request.options;
  const { output } = request;
  const instructions =
    output !== undefined && options.output === 'words' ? withOutputInstructions(request.instructions, output.schema) : request.instructions;
  return {
    model: options.model,
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system', content: instructions } as const]),
      ...conversationTurns(request.messages).flatMap((turn) => chatMessage(turn, options.attachments)),
    ],
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(chatTool) }),
    ...(output !== undefined && options.output === 'schema'
      ? { response_format: { type: 'json_schema', json_schema: { name: output.name, ...strictSchema(output.schema) } } }
      : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { [options.maxTokensField]: maxOutputTokens }),
    ...options.extraBody,
    stream: true,
    ...(options.fields.has('stream_options') ? { stream_options: { include_usage: true } } : {}),
  };
}

function chatTool({ name, description, inputSchema, strict }: ModelRequest['tools'][number]): ChatCompletionTool {
  return { type: 'function', function: { name, description, parameters: { ...inputSchema }, ...(strict === true && { strict }) } };
}

function chatMessage(turn: Turn, taken: readonly string[]): ChatCompletionMessageParam[] {
  switch (turn.role) {
    case 'user': {
      if (turn.attachments.length === 0) return [{ role: 'user', content: turn.text }];
      const parts = turn.attachments.map((attachment) => contentPart(attachment, taken));
      return [{ role: 'user', content: turn.text.trim() === '' ? parts : [{ type: 'text', text: turn.text }, ...parts] }];
    }
    case 'assistant': {
      if (turn.toolCalls.length === 0) return [{ role: 'assistant', content: turn.text }];
      const calls = turn.toolCalls.map(({ callId, tool, input }) => ({
        id: callId,
        type: 'function' as const,
        function: { name: tool, arguments: JSON.stringify(argumentsObject(input)) },
      }));
      return [{ role: 'assistant', content: turn.text.trim() === '' ? null : turn.text, tool_calls: calls }];
    }
    case 'tool':
      return [{ role: 'tool', tool_call_id: turn.callId, content: resultText(turn) }];
  }
}

function contentPart(attachment: ModelAttachment, taken: readonly string[]): ChatCompletionContentPart {
  const { type, bytes } = attachment;
  if (!takesType(taken, type)) return { type: 'text', text: attachmentLine(attachment) };
  if (type.startsWith('image/')) return { type: 'image_url', image_url: { url: dataUrl(attachment) } };
  const audio = /^audio\/(?:x-)?(wav|mp3|mpeg)$/.exec(type)?.[1];
  if (audio !== undefined) {
    return { type: 'input_audio', input_audio: { data: Buffer.from(bytes).toString('base64'), format: audio === 'wav' ? 'wav' : 'mp3' } };
  }
  return { type: 'file', file: { filename: fileName(attachment), file_data: dataUrl(attachment) } };
}
