import { defineAgent, offline, openai } from '../index.ts';

/** One agent for those who have no config yet: OpenAI (or any compatible server) with a key, else the built-in model. */
export function createDefaultAgents(env: NodeJS.ProcessEnv) {
  const { model, note } = chooseModel(env);
  const assistant = defineAgent({
    description: 'A general assistant',
    model,
    instructions: 'You are a helpful assistant. Answer briefly.',
  });
  return { agents: { assistant }, note };
}

function chooseModel(env: NodeJS.ProcessEnv) {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_MODEL: name = 'gpt-5-mini' } = env;
  if (!apiKey) {
    return { model: offline(), note: 'model: offline, built in and without a network. Set OPENAI_API_KEY for a real one' };
  }
  return { model: openai(name, { apiKey, ...(baseURL && { baseURL }) }), note: `model: ${name}${baseURL ? ` at ${baseURL}` : ''}` };
}
