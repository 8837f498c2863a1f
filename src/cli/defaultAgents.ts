import { defineAgent, offline, openai } from '../index.ts';
import { findVariable } from '../server/config/secret.ts';

/** One agent for those who have no config yet: OpenAI, or a compatible server, with a key; else the built-in model. */
export function createDefaultAgents(env: NodeJS.ProcessEnv) {
  const { OPENAI_BASE_URL, OPENAI_MODEL } = env;
  const key = findVariable('OPENAI_API_KEY', env);
  const name = OPENAI_MODEL || 'gpt-5-mini';
  const model = key === undefined ? offline() : openai(name, { apiKey: key.value });
  const note = key
    ? `model: ${name}${OPENAI_BASE_URL ? ` at ${OPENAI_BASE_URL}` : ''}`
    : 'model: offline, built in, without a network. Set OPENAI_API_KEY for a real one';
  const assistant = defineAgent({
    description: 'A general assistant',
    model,
    instructions: 'You are a helpful assistant. Answer briefly.',
  });
  return { agents: { assistant }, note };
}
