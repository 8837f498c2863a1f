import { createHash } from 'node:crypto';
import type { Json } from '../../protocol/json.ts';
import type { ModelMessage, ModelRequest } from '../model.ts';

/** The same text for the same request: whatever may change the answer is in it. Call ids, which are new in every run, are told by their order. */
export function requestKey({ instructions, messages, tools, options, output }: ModelRequest): string {
  const calls = new Map<string, number>();
  const numberOf = (callId: string): number => {
    const number = calls.get(callId) ?? calls.size;
    calls.set(callId, number);
    return number;
  };
  return JSON.stringify([instructions, messages.map((message) => plain(message, numberOf)), tools, options, output ?? null]);
}

function plain(message: ModelMessage, numberOf: (callId: string) => number): unknown {
  switch (message.role) {
    case 'user':
      return ['user', message.text, (message.attachments ?? []).map(({ name, type, bytes }) => [name ?? null, type, digest(bytes)])];
    case 'assistant': {
      const calls = message.toolCalls.map(({ callId, tool, input }): Json => [numberOf(callId), tool, input]);
      return ['assistant', message.text, calls, message.providerState ?? null];
    }
    case 'tool':
      return ['tool', numberOf(message.callId), message.tool, message.output, message.isError];
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
