import { chatRequest } from './chatRequest.ts';
import { ChatStream } from './chatStream.ts';
import type { OpenAIWire } from './openaiWire.ts';

/** Chat Completions: OpenAI, vLLM, Ollama, llama.cpp, Groq, OpenRouter and others. */
export const chatWire: OpenAIWire = {
  optionalFields: [
    { name: 'output', named: /response_format|json_schema/ },
    // Older servers do not know it.
    { name: 'stream_options', named: /stream_options|include_usage/ },
  ],
  send: (client, request, options, signal) => client.chat.completions.create(chatRequest(request, options), { signal }).asResponse(),
  readAnswer: (options) => new ChatStream(options),
};
