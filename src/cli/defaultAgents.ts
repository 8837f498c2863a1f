import { defineAgent, offline, openai } from '../index.ts';

/** One agent for those who have no config yet: OpenAI, or a compatible server, with a key; else the built-in model. */
export function createDefaultAgents(env: NodeJS.ProcessEnv) {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL } = env;
  const name = OPENAI_MODEL || 'gpt-5-mini';
  // openai() reads the key and the URL itself, at every call.
  const model = OPENAI_API_KEY ? openai(name) : offline();
  const note = OPENAI_API_KEY
    ? `model: ${name}${OPENAI_BASE_URL ? ` at ${OPENAI_BASE_URL}` : ''}`
    : 'model: offline, built in, without a network. Set OPENAI_API_KEY for a real one';
  const assistant = defineAgent({
    description: 'A general assistant',
    model,
    instructions: 'You are a helpful assistant. Answer briefly.',
  });
  return { agents: { assistant }, note };
}
