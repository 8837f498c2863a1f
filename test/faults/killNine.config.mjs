import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent, defineConfig, defineTool } from 'verbatim-agents';
import { z } from 'zod';

/** Where the tools do their damage, for all to count. */
const EFFECTS = process.env.EFFECTS ?? 'effects.jsonl';
const TOOL_STEPS = 2;

/** Does something that stays, and takes a while to say so. */
const effect = (name, idempotent) =>
  defineTool({
    name,
    description: 'Leaves a line in a file',
    idempotent,
    input: z.object({ job: z.string() }),
    output: z.object({ callId: z.string() }),
    async execute({ job }, { callId, signal }) {
      appendFileSync(EFFECTS, `${JSON.stringify({ tool: name, job, callId, at: Date.now(), pid: process.pid })}\n`);
      await pause(40, undefined, { signal });
      return { callId };
    },
  });

/** Counts for each step of the job that the last message names, calls both tools in all steps but the last, and says so. A slow job takes
 * long enough to be killed. */
const counting = {
  name: 'counting',
  async *stream({ messages }, { signal }) {
    const asked = messages.findLastIndex(({ role }) => role === 'user');
    const job = messages[asked].text;
    const step = messages.slice(asked + 1).filter(({ role }) => role === 'assistant').length + 1;
    yield { type: 'text', delta: `${job}.${step}:` };
    for (let n = 1; n <= 20; n++) {
      await pause(job === 'slow' ? 500 : 12, undefined, { signal });
      yield { type: 'text', delta: ` ${n}` };
    }
    const call = (tool) => ({ tool, arguments: JSON.stringify({ job }) });
    const toolCalls = step <= TOOL_STEPS ? [call('note'), call('pay')] : [];
    yield { type: 'finish', finish: toolCalls.length > 0 ? 'tool_calls' : 'stop', toolCalls };
  },
};

export default defineConfig({
  agents: {
    worker: defineAgent({ description: 'Works in steps', model: counting, tools: [effect('note', true), effect('pay', false)] }),
  },
  ...(process.env.MAX_ATTEMPTS !== undefined && { limits: { maxAttempts: Number(process.env.MAX_ATTEMPTS) } }),
});
