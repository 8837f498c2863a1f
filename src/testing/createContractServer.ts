import type { Contract } from '../agents/contractOf.ts';
import { contractAgents } from './contractAgents.ts';
import type { AnyScript } from './contractScript.ts';
import { createTestServer, type TestServer, type TestServerOptions } from './createTestServer.ts';

export interface ContractServerOptions extends Omit<TestServerOptions, 'agents' | 'models'> {
  readonly contract: Contract;
  /** What the agents say, by name. An agent without a script fails its runs. */
  readonly agents?: { readonly [agent: string]: AnyScript | undefined };
}

/**
 * A test server whose agents are known by their contract alone: what `verbatim generate` wrote for another team, without the agents' code. They
 * say what their scripts say. Disposing it throws when a script has steps left over.
 */
export async function createContractServer({ contract, agents: scripts = {}, ...options }: ContractServerOptions): Promise<TestServer> {
  const { agents, assertDone } = contractAgents(contract, scripts);
  const server = await createTestServer({ ...options, agents });
  const dispose = server[Symbol.asyncDispose].bind(server);
  server[Symbol.asyncDispose] = async () => {
    await dispose();
    assertDone();
  };
  return server;
}
