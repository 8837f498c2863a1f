import { WebSocket } from 'ws';
import type { ApiContract, JsonApi } from '../protocol/contract.ts';
import type { Client } from './client.ts';
import { type ClientOptions, createClient as createUniversalClient } from './createClient.ts';

export * from './index.ts';

/** As everywhere, and with the `ws` package where there is no global `WebSocket`: Node before 22. */
export function createClient<Api extends ApiContract = JsonApi>(options: ClientOptions): Client<Api> {
  return createUniversalClient<Api>({ ...options, WebSocket: options.WebSocket ?? globalThis.WebSocket ?? WebSocket });
}
