import type { Message, ToolCall } from '../protocol/message.ts';

/** A message as text for a person, or a model, that reads about the conversation and takes no part in it. */
export function plainMessage(message: Message): string {
  if (message.role === 'user') {
    const files = (message.attachments ?? []).map((file) => `[file: ${file.name ?? file.type}]`);
    return ['User: ', message.text, ...files].join('');
  }
  return [`Assistant: ${message.text}`, ...message.toolCalls.map(plainCall)].join('\n');
}

function plainCall({ tool, input, editedInput, rejected, output, error }: ToolCall): string {
  const asked = rejected ?? JSON.stringify(editedInput ?? input ?? {});
  const came = error === undefined ? JSON.stringify(output ?? null) : `failed: ${error.message}`;
  return `Tool ${tool} ${asked} -> ${came}`;
}
