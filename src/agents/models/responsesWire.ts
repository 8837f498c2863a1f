import type { OpenAIWire } from './openaiWire.ts';
import { responsesRequest } from './responsesRequest.ts';
import { ResponsesStream } from './responsesStream.ts';

/** OpenAI's Responses API, without anything stored at OpenAI. */
export const responsesWire: OpenAIWire = {
  optionalFields: [
    // Encrypted for another organisation, or by a key that is gone: without it the thread goes on all the same.
    { name: 'provider_state', named: /encrypted|invalid_encrypted_content|reasoning.{0,40}(?:item|following)|'rs_/i, once: true },
    // Models that do not reason refuse to be asked for it.
    { name: 'reasoning', named: /reasoning|encrypted/i },
    { name: 'output', named: /\btext(?:\.format\S*)?['"]|json_schema/ },
  ],
  send: (client, request, options, signal) => client.responses.create(responsesRequest(request, options), { signal }).asResponse(),
  readAnswer: (options) => new ResponsesStream(options),
};
