import type { Usage } from '../protocol/event.ts';
import type { ModelRequest } from './model.ts';

/** About how many UTF-16 units a token has in English; providers that report nothing leave us with this. */
export const UNITS_PER_TOKEN = 4;

export function estimateInput({ instructions, messages, tools }: ModelRequest): number {
  const units = instructions.length + JSON.stringify(messages, withoutFiles).length + JSON.stringify(tools).length;
  return Math.ceil(units / UNITS_PER_TOKEN);
}

export function estimateUsage(request: ModelRequest, said: { readonly text: string; readonly reasoning: string }): Usage {
  return {
    inputTokens: estimateInput(request),
    outputTokens: Math.ceil((said.text.length + said.reasoning.length) / UNITS_PER_TOKEN),
    estimated: true,
  };
}

/** How many tokens a file is depends on the provider; its bytes as JSON would be far more than all else. */
function withoutFiles(key: string, value: unknown): unknown {
  return key === 'attachments' ? undefined : value;
}
