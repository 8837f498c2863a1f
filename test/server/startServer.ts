import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { UNBOUNDED_CALLERS } from '../../src/protocol/tiers.ts';
import { createServer } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import type { VerbatimServer } from '../../src/server/verbatimServer.ts';
import { afterTest } from '../support/afterTest.ts';
import { closedGate } from '../testing/gate.ts';

/** Answers `count size` with that many data events of that size, and `hold` by waiting until `release`. */
export function pourAgent() {
  const gate = closedGate();
  const agent = defineAgent({
    description: 'pours data',
    data: { blob: z.string() },
    run: async function* ({ text }) {
      if (text === 'hold') {
        yield { type: 'text.delta', delta: 'held' };
        await gate.opened;
        return;
      }
      const [count = 0, size = 1] = text.split(' ').map(Number);
      for (let index = 0; index < count; index++) yield { type: 'data', name: 'blob', data: `${index}:${'x'.repeat(size)}` };
      yield { type: 'text.delta', delta: 'done' };
    },
  });
  return { agent, release: () => gate.open() };
}

export interface StartedServer {
  readonly server: VerbatimServer;
  readonly port: number;
  readonly url: string;
  /** Ends the runs that hold. */
  release(): void;
}

/** A server on a free port with the agent `pour`, closed after the test. */
export async function startServer(options: Partial<ServerOptions> = {}): Promise<StartedServer> {
  const { agent, release } = pourAgent();
  // A test is one caller that sends faster than people do.
  const limits = { ...UNBOUNDED_CALLERS, ...options.limits };
  const server = await createServer({ ...options, limits, agents: { pour: agent, ...options.agents } });
  const { port, url } = await server.listen({ port: 0 });
  afterTest(async () => {
    release();
    await server.close({ drainMs: 0 });
  });
  return { server, port, url, release };
}

/** The token is the id of the principal; none is nobody. */
export const byToken: NonNullable<ServerOptions['authenticate']> = ({ token }) => (token === undefined ? undefined : { id: token });
