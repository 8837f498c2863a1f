import { createClient } from '../../client/index.node.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import { tokenOf } from '../openClient.ts';
import type { Completion, TypedFlags } from './completions.ts';

export type IdKind = 'thread' | 'run' | 'openRun' | 'agent';

/** Whoever presses Tab does not wait. */
const PATIENCE_MS = 1_000;
const COUNT = 50;
/** What a shell takes for nothing but itself: a name may come from anywhere, and is put on a command line. */
const SAFE = /^[\w.@%+:,-]+$/;

/** The newest ids of the server, with what they stand for; none when it does not answer within a second. */
export async function readServerIds(kind: IdKind, typed: TypedFlags): Promise<readonly Completion[]> {
  const url = typed.url ?? (process.env.VERBATIM_URL || 'http://127.0.0.1:3000');
  const options = { timeoutMs: PATIENCE_MS };
  try {
    const token = tokenOf({ ...(process.env.VERBATIM_TOKEN && { token: process.env.VERBATIM_TOKEN }), ...typed });
    const client = createClient<JsonApi>({ url, connectTimeoutMs: PATIENCE_MS, ...(token !== undefined && { token }) });
    try {
      return (await read()).filter(({ value }) => SAFE.test(value));
    } finally {
      await client.close();
    }
    async function read(): Promise<readonly Completion[]> {
      if (kind === 'agent') return (await client.agents.list(options)).map(({ name, description }) => ({ value: name, description }));
      if (kind === 'thread') {
        const { items } = await client.threads.list({ limit: COUNT, sort: 'activity' }, options);
        return items.map(({ id, title, preview }) => ({ value: id, description: title ?? preview ?? undefined }));
      }
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const { items } = await client.trpc.runs.list.query({ limit: COUNT }, { signal });
      return items
        .filter(({ endedAt }) => kind === 'run' || endedAt === undefined)
        .map(({ id, agent, status }) => ({ value: id, description: `${agent}, ${status}` }));
    }
  } catch {
    // There is nobody to tell in the middle of a line.
    return [];
  }
}
