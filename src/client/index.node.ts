import { createRequire } from 'node:module';
import type { ApiContract, JsonApi } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Client } from './client.ts';
import { type ClientOptions, createClient as createUniversalClient } from './createClient.ts';
import type { WebSocketConstructor } from './webSocketLike.ts';

export * from './index.ts';

/** As everywhere, and with the `ws` package where there is no global `WebSocket`: Node before 22. */
export function createClient<Api extends ApiContract = JsonApi>(options: ClientOptions): Client<Api> {
  if (options.transport === 'sse' || options.WebSocket !== undefined || globalThis.WebSocket !== undefined) {
    return createUniversalClient<Api>(options);
  }
  return createUniversalClient<Api>({ ...options, WebSocket: loadWs() });
}

/** Not an import: where there is a global one, `ws` need not be installed. */
function loadWs(): WebSocketConstructor {
  try {
    const { WebSocket } = createRequire(import.meta.url)('ws') as { readonly WebSocket: WebSocketConstructor };
    return WebSocket;
  } catch (cause) {
    const remedy = 'install the package "ws", use Node 22, or give createClient `transport: "sse"`';
    throw new VerbatimError('BAD_INPUT', `This Node has no WebSocket: ${remedy}`, { cause });
  }
}
