import { defineAgent, defineConfig, defineTool } from 'verbatim-agents';
import { z } from 'zod';
import working from './killNine.config.mjs';

/** Hears no signal, and keeps a timer that would keep the process. */
const deaf = defineTool({
  name: 'deaf',
  description: 'Never ends',
  input: z.object({}),
  output: z.string(),
  execute: () => new Promise(() => setInterval(() => {}, 1_000)),
});

const calling = {
  name: 'calling',
  async *stream() {
    yield { type: 'text', delta: 'calling' };
    yield { type: 'finish', finish: 'tool_calls', toolCalls: [{ tool: 'deaf', arguments: '{}' }] };
  },
};

export default defineConfig({
  agents: { ...working.agents, deaf: defineAgent({ description: 'Calls what never ends', model: calling, tools: [deaf] }) },
  limits: { drainMs: Number(process.env.DRAIN_MS ?? 3_000), maxAttempts: 100 },
});
