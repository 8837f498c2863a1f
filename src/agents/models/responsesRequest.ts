import type { ResponseCreateParamsStreaming, ResponseInputContent, ResponseInputItem, Tool } from 'openai/resources/responses/responses';
import type { ModelAttachment, ModelRequest } from '../model.ts';
import { withOutputInstructions } from '../outputInstructions.ts';
import { attachmentLine, dataUrl, fileName, takesType } from './attachmentParts.ts';
import { conversationTurns, resultText, type Turn } from './conversationTurns.ts';
import { isRecord } from './looseJson.ts';
import type { WireRequestOptions } from './openaiWire.ts';
import { answerItems } from './responsesState.ts';
import { strictSchema } from './strictSchema.ts';

/** A request as the Responses API takes it. The whole conversation goes with it: nothing is stored at the provider. */
export function responsesRequest(request: ModelRequest, options: WireRequestOptions): ResponseCreateParamsStreaming {
  const { temperature, maxOutputTokens } = request.options;
  const { output } = request;
  const { reasoning: reasoningOptions, ...extraBody } = options.extraBody;
  const instructions =
    output !== undefined && options.output === 'words' ? withOutputInstructions(request.instructions, output.schema) : request.instructions;
  // The tools of the provider's own are for it to check.
  const tools = [...request.tools.map(functionTool), ...(options.hostedTools as readonly unknown[] as readonly Tool[])];
  const reasoning = {
    ...(options.fields.has('reasoning') && { summary: 'auto' as const }),
    ...(isRecord(reasoningOptions) && reasoningOptions),
  };
  return {
    model: options.model,
    input: conversationTurns(request.messages).flatMap((turn) => inputItems(turn, options)),
    ...(instructions === '' ? {} : { instructions }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(output !== undefined && options.output === 'schema'
      ? { text: { format: { type: 'json_schema', name: output.name, ...strictSchema(output.schema) } } }
      : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...(options.fields.has('reasoning') ? { include: ['reasoning.encrypted_content' as const] } : {}),
    store: false,
    ...extraBody,
    stream: true,
  };
}

/** `strict` is never left out: absent means true there. */
function functionTool({ name, description, inputSchema, strict = false }: ModelRequest['tools'][number]): Tool {
  return { type: 'function', name, description, parameters: { ...inputSchema }, strict };
}

function inputItems(turn: Turn, options: WireRequestOptions): ResponseInputItem[] {
  switch (turn.role) {
    case 'user': {
      if (turn.attachments.length === 0) return [{ role: 'user', content: turn.text }];
      const parts = turn.attachments.map((attachment) => contentPart(attachment, options.attachments));
      return [{ role: 'user', content: turn.text.trim() === '' ? parts : [{ type: 'input_text', text: turn.text }, ...parts] }];
    }
    case 'assistant':
      return answerItems(turn, { model: options.model, withState: options.fields.has('provider_state') });
    case 'tool':
      return [{ type: 'function_call_output', call_id: turn.callId, output: resultText(turn) }];
  }
}

function contentPart(attachment: ModelAttachment, taken: readonly string[]): ResponseInputContent {
  if (!takesType(taken, attachment.type)) return { type: 'input_text', text: attachmentLine(attachment) };
  if (attachment.type.startsWith('image/')) return { type: 'input_image', image_url: dataUrl(attachment), detail: 'auto' };
  return { type: 'input_file', filename: fileName(attachment), file_data: dataUrl(attachment) };
}
