import { Agent, fetch, type RequestInit, Response } from 'undici';

/** How long an idle connection is kept, unless the server says less. undici's own 4 s would open a new one for most turns of a person. */
const KEEP_ALIVE_MS = 60_000;
/** What is kept of the body of an HTTP error. The rest is not read: it may never end. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

interface Pool {
  readonly agent: Agent;
  readonly users: Set<object>;
}

/** One pool per origin, for the whole process: models of one provider share their connections. */
const pools = new Map<string, Pool>();

/**
 * A `fetch` whose connections are kept and shared with all other users of the origin, until `releaseConnections(user)`. With undici's own
 * fetch and agent, because Node's fetch and an agent of another undici do not always fit. Its timeouts are off: the caller's signal rules.
 */
export function pooledFetch(origin: string, user: object): typeof globalThis.fetch {
  let pool = pools.get(origin);
  if (pool === undefined) {
    pool = { agent: new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0 }), users: new Set() };
    pools.set(origin, pool);
  }
  pool.users.add(user);
  const { agent } = pool;
  const pooled = async (url: string, init: RequestInit | undefined): Promise<Response> => {
    const response = await fetch(url, { ...init, dispatcher: agent });
    return response.ok ? response : withBoundedBody(response);
  };
  // undici's types and the DOM's name the same things; the openai package uses only what both have.
  return pooled as unknown as typeof globalThis.fetch;
}

/** Closes the pools that nobody else uses, with what is still going on in them. The user may come back: it then gets a new pool. */
export async function releaseConnections(user: object): Promise<void> {
  const closing: Promise<void>[] = [];
  for (const [origin, pool] of pools) {
    if (!pool.users.delete(user) || pool.users.size > 0) continue;
    pools.delete(origin);
    closing.push(pool.agent.destroy());
  }
  await Promise.all(closing);
}

/**
 * To be awaited after the end of a body, before anyone is told of it: undici gives a connection back one turn of the event loop later,
 * and whoever asks sooner opens another one.
 */
export function connectionIsFree(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Reads the body of an error to its end, so that the connection can be used again, but not further than anyone needs. */
async function withBoundedBody(response: Response): Promise<Response> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of response.body ?? []) {
      parts.push(part);
      size += part.length;
      if (size > MAX_ERROR_BODY_BYTES) break;
    }
  } catch {
    // The status says what went wrong; a body that breaks off adds nothing. An abort is seen by the caller's signal.
  }
  await connectionIsFree();
  const text = Buffer.concat(parts).toString('utf8').slice(0, MAX_ERROR_BODY_BYTES);
  // Some statuses may not have a body, not even an empty one.
  return new Response(text || null, { status: response.status, headers: response.headers });
}
