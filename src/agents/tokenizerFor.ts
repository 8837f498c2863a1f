import type { Agent } from './agent.ts';
import { loadTokenizer } from './tokenCounter.ts';

/** Loads the tokenizer when one of the agents counts tokens: its tables take a moment in which nobody would be served. */
export async function loadTokenizerFor(agents: readonly Agent[]): Promise<void> {
  if (agents.some(countsTokens)) await loadTokenizer();
}

function countsTokens(agent: Agent): boolean {
  return agent.kind === 'model' && typeof agent.history === 'object' && !('last' in agent.history);
}
