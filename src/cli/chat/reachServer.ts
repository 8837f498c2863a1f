import type { Client } from '../../client/client.ts';
import type { AgentInfo } from '../../protocol/agentInfo.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { notThere } from '../notThere.ts';

/** The server's agents. Later losses are waited out; but a server that was never there is most likely not started, or elsewhere. */
export async function reachServer(client: Client<JsonApi>, url: string): Promise<readonly AgentInfo[]> {
  let stop: (() => void) | undefined;
  const unreachable = new Promise<never>((_, reject) => {
    stop = client.connection.subscribe((state) => {
      if (state.status === 'offline') void notThere(url, state.reason).then(reject);
    });
  });
  try {
    return await Promise.race([client.agents.list(), unreachable]);
  } finally {
    stop?.();
  }
}

/** Whom to talk to. Throws `NOT_FOUND` for a name that no agent has, with those that there are. */
export function agentOf(agents: readonly AgentInfo[], named: string | undefined): string {
  const names = agents.map(({ name }) => name);
  if (named === undefined) {
    const first = names.includes('assistant') ? 'assistant' : names[0];
    if (first === undefined) throw new VerbatimError('NOT_FOUND', 'The server has no agents');
    return first;
  }
  if (!names.includes(named)) throw new VerbatimError('NOT_FOUND', `The server has no agent "${named}". It has: ${names.join(', ')}`);
  return named;
}
