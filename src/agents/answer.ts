import type { Json } from '../protocol/json.ts';
import type { ModelAgent } from './agent.ts';
import { jsonIn } from './router.ts';

export type Answer =
  | { readonly fits: true; readonly output: Json | undefined }
  | { readonly fits: false /** For the model and for people. */; readonly issues: string };

/** Whether a text is what the agent is to answer. Any text is, for an agent without `output`. */
export function checkAnswer(agent: ModelAgent, text: string): Answer {
  if (agent.outputSchema === undefined) return { fits: true, output: undefined };
  const value = parse(text);
  if (value === undefined) return { fits: false, issues: 'it is not JSON' };
  const parsed = agent.parseOutput(value);
  // The schema holds only what JSON can.
  return parsed.ok ? { fits: true, output: parsed.value as Json } : { fits: false, issues: parsed.issues };
}

/** What the model is told when its answer did not fit. */
export function repairNote(answer: Extract<Answer, { readonly fits: false }>): string {
  return `Your answer does not fit what was asked for: ${answer.issues}. Answer again, with the corrected JSON alone.`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Models wrap it in words or in a code block.
    return jsonIn(text);
  }
}
