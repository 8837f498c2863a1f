import { type Client, createClient } from '../../../src/client/index.node.ts';
import type { JsonApi } from '../../../src/protocol/contract.ts';
import { afterTest } from '../../support/afterTest.ts';
import { CliFolder } from '../../support/cliFolder.ts';
import type { SpawnedCommand } from '../../support/spawnedCommand.ts';

/** An agent that fails at a tool, asks another agent and a person, and says what a terminal must not obey. */
const CONFIG = `
import { agentTool, defineAgent, defineConfig, defineTool, offline } from 'verbatim-agents';
import { scriptedModel } from 'verbatim-agents/testing';
import { z } from 'zod';

const lookup = defineTool({
  name: 'lookup_order', description: 'Finds an order', idempotent: true,
  input: z.object({ orderId: z.string() }), output: z.object({ total: z.number() }),
  execute: ({ orderId }) => { if (orderId === '7') throw new Error('There is no order \\u001b[31m7'); return { total: 30 }; },
});
const refund = defineTool({
  name: 'refund', description: 'Refunds', needsApproval: true,
  input: z.object({ orderId: z.string() }), output: z.object({ ok: z.boolean() }), execute: () => ({ ok: true }),
});
const call = (name, input) => ({ name, input });
const researcher = defineAgent({
  description: 'Finds', tools: [lookup],
  model: scriptedModel([{ text: 'I look.', toolCalls: [call('lookup_order', { orderId: '42' })] }, { text: 'It is 日本語.' }]),
});
export default defineConfig({
  database: ':memory:',
  prices: { scripted: { input: 1, output: 4 } },
  agents: {
    support: defineAgent({
      description: 'Helps',
      tools: [lookup, refund, agentTool(researcher, { name: 'researcher', description: 'Finds' })],
      model: scriptedModel([
        { text: 'Let me look.', toolCalls: [
          call('lookup_order', { orderId: '7' }), call('researcher', { task: 'find 42' }), call('refund', { orderId: '42' }),
        ] },
        { text: 'Done. \\u001b[2Jgone' },
      ]),
    }),
    counter: defineAgent({ description: 'Counts', model: offline() }),
    broken: defineAgent({ description: 'Fails', model: scriptedModel([{ error: 'the model said \\u001b[31mno' }]) }),
  },
});
`;

export interface RunFolder {
  readonly folder: CliFolder;
  readonly client: Client<JsonApi>;
  readonly url: string;
  readonly server: SpawnedCommand;
  /** The command on this server. Its code and its output when it is over. */
  run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  start(...args: readonly string[]): SpawnedCommand;
}

/** A server with those agents, and the command beside it. */
export async function openRunFolder({
  env = {},
  args = [],
}: {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
} = {}): Promise<RunFolder> {
  const folder = new CliFolder();
  afterTest(() => folder[Symbol.asyncDispose]());
  folder.write('verbatim.config.ts', CONFIG);
  const { url, command: server } = await folder.serve(args, { VERBATIM_OFFLINE_TPS: '0', ...env });
  const client = createClient<JsonApi>({ url });
  afterTest(() => client.close());
  const start = (...args: readonly string[]): SpawnedCommand => folder.verbatim(args, { VERBATIM_URL: url });
  return {
    folder,
    client,
    url,
    server,
    start,
    async run(...args) {
      const command = start(...args);
      command.endInput();
      const { code } = await command.exited;
      return { code, stdout: command.stdout, stderr: command.stderr };
    },
  };
}
