import { vi } from 'vitest';
import { z } from 'zod';
import type { Client } from '../../../src/client/index.node.ts';
import { agentTool, defineAgent, defineTool, offline } from '../../../src/index.ts';
import type { JsonApi } from '../../../src/protocol/contract.ts';
import type { Json } from '../../../src/protocol/json.ts';
import { createTestServer, type ScriptedCall, scriptedModel } from '../../../src/testing/index.ts';
import { afterTest } from '../../support/afterTest.ts';
import { CliFolder } from '../../support/cliFolder.ts';
import type { SpawnedCommand } from '../../support/spawnedCommand.ts';

const call = (name: string, input: Json): ScriptedCall => ({ name, input });

/** One that fails at a tool, asks another agent and a person, and says what a terminal must not obey; one that counts; one that fails. */
function createAgents() {
  const lookup = defineTool({
    name: 'lookup_order',
    description: 'Finds an order',
    idempotent: true,
    input: z.object({ orderId: z.string() }),
    output: z.object({ total: z.number() }),
    execute: ({ orderId }) => {
      if (orderId === '7') throw new Error('There is no order \u001b[31m7');
      return { total: 30 };
    },
  });
  const refund = defineTool({
    name: 'refund',
    description: 'Refunds',
    needsApproval: true,
    input: z.object({ orderId: z.string() }),
    output: z.object({ ok: z.boolean() }),
    execute: () => ({ ok: true }),
  });
  const researcher = defineAgent({
    description: 'Finds',
    tools: [lookup],
    model: scriptedModel([{ text: 'I look.', toolCalls: [call('lookup_order', { orderId: '42' })] }, { text: 'It is 日本語.' }]),
  });
  const asked = [call('lookup_order', { orderId: '7' }), call('researcher', { task: 'find 42' }), call('refund', { orderId: '42' })];
  return {
    support: defineAgent({
      description: 'Helps',
      tools: [lookup, refund, agentTool(researcher, { name: 'researcher', description: 'Finds' })],
      model: scriptedModel([{ text: 'Let me look.', toolCalls: asked }, { text: 'Done. \u001b[2Jgone' }]),
    }),
    counter: defineAgent({ description: 'Counts', model: offline() }),
    broken: defineAgent({ description: 'Fails', model: scriptedModel([{ error: 'the model said \u001b[31mno' }]) }),
  };
}

export interface RunFolder {
  readonly folder: CliFolder;
  readonly client: Client<JsonApi>;
  readonly url: string;
  /** The command on this server. Its code and its output when it is over. */
  run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  start(...args: readonly string[]): SpawnedCommand;
}

/** Said when something takes longer than a second, which on a busy machine anything may. */
const PROGRESS = /^(?:Reading|Asking|Cancelling|Exporting|Deleting).*\.\.\.\n/gm;

/** A server with those agents, and an empty folder for the command. `tokensPerSecond` of the counter; 0 for as fast as it goes. */
export async function openRunFolder({ tokensPerSecond = 0 }: { readonly tokensPerSecond?: number } = {}): Promise<RunFolder> {
  vi.stubEnv('VERBATIM_OFFLINE_TPS', String(tokensPerSecond));
  const server = await createTestServer({ agents: createAgents(), prices: { scripted: { input: 1, output: 4 } } });
  const folder = new CliFolder();
  afterTest(async () => {
    await folder[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });
  const { url } = server;
  const start = (...args: readonly string[]): SpawnedCommand => folder.verbatim(args, { VERBATIM_URL: url });
  return {
    folder,
    client: server.client<JsonApi>(),
    url,
    start,
    async run(...args) {
      const command = start(...args);
      command.endInput();
      const { code } = await command.exited;
      return { code, stdout: command.stdout, stderr: command.stderr.replace(PROGRESS, '') };
    },
  };
}
