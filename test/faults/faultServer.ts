import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Client } from '../../src/client/client.ts';
import { type AgentContract, type ClientOptions, createClient } from '../../src/client/index.node.ts';
import { createServer } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import type { VerbatimServer } from '../../src/server/verbatimServer.ts';
import { type FaultProxy, startFaultProxy } from '../../src/testing/faultProxy.ts';
import { FrameReader } from './frameReader.ts';
import { readStoredLogs, type StoredLog } from './storedLog.ts';

export type Api = { readonly talker: AgentContract };

/** A server on a file, and what a test uses of it. `await using` closes all of it. */
export interface FaultServer extends AsyncDisposable {
  readonly server: VerbatimServer;
  readonly url: string;
  /** A client that comes back within 50 ms, to the server or through a proxy. */
  client(options?: Partial<ClientOptions>): Client<Api>;
  proxy(): Promise<FaultProxy>;
  /** A reader without any client. */
  frames(path: 'threads.watch' | 'runs.watch', input: object, url?: string): FrameReader;
  /** Closes what uses the server, waits until it holds nothing for anybody, closes it and reads its file. */
  closeAndRead(): Promise<ReadonlyMap<string, StoredLog>>;
  /** Closes the server and starts another on the same file and port. */
  restart(): Promise<void>;
}

/** Says what it is asked to: `5 words every 2 ms`, or `5 words of 1000`, which are as long as that, come at once, in messages of 50. */
export const talker = defineAgent({
  description: 'Talks at a pace',
  maxSteps: 10_000,
  run: async function* ({ text, signal }) {
    const [, words = '1', everyMs, length] = /^(\d+) words (?:every (\d+) ms|of (\d+))/.exec(text) ?? [];
    for (let n = 1; n <= Number(words); n++) {
      yield { type: 'text.delta', delta: wordOf(n, Number(length ?? 0)) };
      if (length !== undefined && n % 50 === 0) yield { type: 'message.completed' };
      if (everyMs !== undefined) await ticks(Number(everyMs), signal);
      else if (n % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
});

export const wordOf = (n: number, length = 0): string => `${n} `.padEnd(length, '.');
export const wordsUpTo = (count: number, length = 0): string => Array.from({ length: count }, (_, i) => wordOf(i + 1, length)).join('');

function ticks(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      signal.removeEventListener('abort', done);
      clearTimeout(timer);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

/** With one agent that talks at the pace it is asked for. */
export async function startFaultServer(options: Partial<ServerOptions> = {}): Promise<FaultServer> {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-faults-'));
  const database = join(folder, 'v.db');
  const start = async (port: number) => {
    const server = await createServer({ agents: { talker }, database, ...options });
    return { server, ...(await server.listen({ port })) };
  };
  let running = await start(0);
  const users: { close(): unknown }[] = [];
  const add = <User extends { close(): unknown }>(user: User): User => {
    users.push(user);
    return user;
  };
  const closeUsers = async (): Promise<void> => {
    await Promise.all(users.splice(0).map((user) => user.close()));
  };
  return {
    get server() {
      return running.server;
    },
    url: running.url,
    client: (clientOptions = {}) => add(createClient<Api>({ url: running.url, random: () => 0.01 + Math.random() / 50, ...clientOptions })),
    proxy: async () => add(await startFaultProxy(running)),
    frames: (path, input, url = running.url) => add(new FrameReader(url, { path, input })),
    async closeAndRead() {
      await closeUsers();
      await vi.waitFor(() => expect(running.server.stats).toEqual(IDLE), { timeout: 5_000 });
      await running.server.close({ drainMs: 0 });
      return readStoredLogs(database);
    },
    async restart() {
      await running.server.close({ drainMs: 0 });
      running = await start(running.port);
    },
    async [Symbol.asyncDispose]() {
      await closeUsers();
      await running.server.close({ drainMs: 0 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

export const IDLE = { connections: 0, watches: 0, listeners: 0, activeRuns: 0, heldLogs: 0, bufferedBytes: 0 } as const;
