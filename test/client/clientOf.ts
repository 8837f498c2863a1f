import { onTestFinished } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { ClientOptions } from '../../src/client/createClient.ts';
import { createClient } from '../../src/client/index.node.ts';
import type { AgentContract } from '../../src/protocol/contract.ts';
import { LogServer } from './logServer.ts';

export interface SupportContract extends AgentContract {
  readonly tools: { readonly lookup: { input: { id: string }; output: { total: number }; progress: number } };
  readonly data: { readonly note: { pct: number } };
  readonly context: undefined;
}
export type Api = { readonly support: SupportContract };

/** A client that comes back at once, closed after the test. */
export function clientOf(server: { readonly url: string }, options: Partial<ClientOptions> = {}): Client<Api> {
  const client = createClient<Api>({ url: server.url, random: () => 0, ...options });
  onTestFinished(() => client.close());
  return client;
}

export async function startServer(): Promise<LogServer> {
  const server = await LogServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

export const TRANSPORTS = ['ws', 'sse'] as const;

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
