import { answerParent } from '../parentCalls.ts';
import type { ServerName } from '../startServer.ts';
import { createThreads } from './createThreads.ts';
import type { LoadConnection } from './loadConnection.ts';
import { openMany } from './openMany.ts';
import { RawConnection } from './rawConnection.ts';
import { VerbatimConnection } from './verbatimConnection.ts';

export interface PrepareOrder {
  readonly server: ServerName;
  readonly port: number;
  /** Connections that will be opened at most. */
  readonly connections: number;
  /** Tells this process's users from those of others. */
  readonly name: string;
  readonly localAddress?: string | undefined;
}

export interface HoldReport {
  readonly opened: number;
  /** Why there are fewer than asked for. */
  readonly failure?: string;
  readonly cpuMicros: number;
}

/** Connections of one principal: threads are prepared a batch at a time, and a batch has one caller. */
const PER_PRINCIPAL = 100;

/** The load of connections that only wait: open, authenticated, each with a live watch of a thread of its own. */
let prepared: PrepareOrder = { server: 'raw', port: 0, connections: 0, name: '' };
let threads: readonly string[] = [];
const held: LoadConnection[] = [];
const tokenOf = (index: number): string => `${prepared.name}-${Math.floor(index / PER_PRINCIPAL)}`;

const calls = {
  async prepare(order: PrepareOrder): Promise<void> {
    prepared = order;
    if (order.server === 'raw') return;
    const principals = Math.ceil(order.connections / PER_PRINCIPAL);
    const batches = await openMany(principals, (principal) =>
      createThreads({ port: order.port, token: tokenOf(principal * PER_PRINCIPAL), count: PER_PRINCIPAL }),
    );
    threads = batches.flat();
  },
  /** Opens more of them; stops at the first that fails. */
  async hold(count: number): Promise<HoldReport> {
    const startCpu = process.cpuUsage();
    const from = held.length;
    let failure: string | undefined;
    await openMany(count, async (index) => {
      if (failure !== undefined) return;
      try {
        held.push(await openWatch(from + index));
      } catch (error) {
        failure = String(error);
      }
    });
    const { user, system } = process.cpuUsage(startCpu);
    return { opened: held.length - from, ...(failure !== undefined && { failure }), cpuMicros: user + system };
  },
  release(): void {
    for (const connection of held.splice(0)) connection.close();
  },
};

function openWatch(index: number): Promise<LoadConnection> {
  const { server, port, localAddress } = prepared;
  return new Promise((resolve, reject) => {
    const options = { port, token: tokenOf(index), localAddress, onLost: reject };
    const open = server === 'raw' ? RawConnection.open(options) : watchThread(options, threads[index]);
    open.then(resolve, reject);
  });
}

async function watchThread(options: Parameters<typeof VerbatimConnection.open>[0], threadId: string | undefined): Promise<LoadConnection> {
  const connection = await VerbatimConnection.open(options);
  await connection.watch('threads.watch', { threadId }, () => {});
  return connection;
}

export type HoldLoadCalls = typeof calls;

answerParent(calls);
