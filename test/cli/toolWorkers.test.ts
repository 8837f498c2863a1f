import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import { CliFolder } from '../support/cliFolder.ts';

const TOOL = `import { isMainThread } from 'node:worker_threads';
import { defineTool } from 'verbatim-agents';
import { z } from 'zod';

export const where = defineTool({
  name: 'where', description: 'Says where it is carried out', input: z.object({}), output: z.string(),
  worker: true, module: import.meta.url,
  execute: () => (isMainThread ? 'main thread' : 'worker'),
});
`;

/** Calls the tool, and says what it said. */
const config = (tools: string) => `import { defineAgent, defineConfig } from 'verbatim-agents';
import { where } from './${tools}';

const model = {
  name: 'asking',
  async *stream({ messages }) {
    const last = messages.at(-1);
    if (last.role === 'tool') yield { type: 'text', delta: String(last.output) };
    const toolCalls = last.role === 'tool' ? [] : [{ tool: 'where', arguments: '{}' }];
    yield { type: 'finish', finish: toolCalls.length === 0 ? 'stop' : 'tool_calls', toolCalls };
  },
};
export default defineConfig({ agents: { bot: defineAgent({ description: 'Asks', model, tools: [where] }) }, toolWorkers: 1 });
`;

test.each(['tools.ts', 'tools.mjs'])('serve: a tool of a config, in %s, is carried out in a worker', async (tools) => {
  await using folder = new CliFolder();
  folder.write(tools, TOOL);
  folder.write('verbatim.config.ts', config(tools));
  const { command, url } = await folder.serve(['--db', ':memory:']);
  const client = createClient({ url });
  const result = await (await client.send({ agent: 'bot', text: 'where?' })).result();
  expect(result, command.stderr).toMatchObject({ status: 'completed', text: 'worker' });
  await client.close();
  command.kill('SIGTERM');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});
