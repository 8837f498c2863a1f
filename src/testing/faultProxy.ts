import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { FaultPipe, type PipeFaults, soundPipe } from './faultPipe.ts';

/** `up` is from the client to the server, `down` from the server to the client. */
export type Direction = 'up' | 'down' | 'both';

export interface FaultProxyOptions {
  /** The port that the proxy stands in front of. It need not listen yet. */
  readonly port: number;
  readonly host?: string;
}

export interface FaultCounts {
  /** Connections ever taken, the refused ones not counted. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  readonly refused: number;
  /** Connections that `cut` and `cutEvery` ended. */
  readonly cuts: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Bytes that `drop` swallowed, both directions together. */
  readonly droppedBytes: number;
}

/** A bad network on demand. Every fault holds for the connections that are open and for those to come, until it is taken back. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly counts: FaultCounts;
  /** Ends every connection: `reset` as a crash does (RST, nothing flushed), `end` as a closing process does (FIN). Returns how many. */
  cut(how?: 'reset' | 'end'): number;
  /** Resets each connection after a time of its own between `minMs` and `maxMs`, drawn when it opens (or now). The returned function ends that. */
  cutEvery(everyMs: { readonly minMs: number; readonly maxMs: number }, random?: () => number): () => void;
  /** Reads nothing more: nothing is lost, and TCP makes the sender wait. Like a cable pulled out, a FIN does not pass either. */
  stall(direction: Direction): void;
  /** Lets every direction flow again, at full speed: ends stall, throttle and drop. Swallowed bytes stay lost. */
  resume(): void;
  /** Per connection and direction. `down` unless told otherwise. */
  throttle(bytesPerSecond: number, direction?: Direction): void;
  /** Reads and swallows. After `resume` such a stream has a hole: only use it before the connection is cut. */
  drop(direction: Direction): void;
  /** Resets new connections as soon as they open; those that are open stay. */
  refuse(): void;
  accept(): void;
  /** Cuts everything. Afterwards no socket and no timer of it is left. */
  close(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly pipes: readonly FaultPipe[];
  cutTimer?: NodeJS.Timeout;
}

/** A TCP proxy on a free loopback port, in front of `port`. */
export async function startFaultProxy({ port: targetPort, host = '127.0.0.1' }: FaultProxyOptions): Promise<FaultProxy> {
  const up = soundPipe();
  const down = soundPipe();
  const connections = new Set<Connection>();
  const counted = { connections: 0, refused: 0, cuts: 0 };
  let refusing = false;
  let drawLifetimeMs: (() => number) | undefined;

  const faultsOf = (direction: Direction): readonly PipeFaults[] =>
    direction === 'both' ? [up, down] : direction === 'up' ? [up] : [down];

  const change = (direction: Direction, changes: Partial<PipeFaults>): void => {
    for (const faults of faultsOf(direction)) Object.assign(faults, changes);
    for (const connection of connections) for (const pipe of connection.pipes) pipe.update();
  };

  const end = (connection: Connection, how: 'reset' | 'end'): void => {
    if (!connections.delete(connection)) return;
    clearTimeout(connection.cutTimer);
    for (const pipe of connection.pipes) pipe.stop();
    for (const socket of [connection.client, connection.upstream]) {
      // The system refuses to reset what was ended already, and Node 20 then never closes it.
      if (how === 'reset' && !socket.writableEnded) socket.resetAndDestroy();
      else socket.destroy();
    }
  };

  const cut = (connection: Connection, how: 'reset' | 'end'): void => {
    counted.cuts++;
    end(connection, how);
  };

  const limitLifetime = (connection: Connection): void => {
    clearTimeout(connection.cutTimer);
    if (drawLifetimeMs !== undefined) connection.cutTimer = setTimeout(() => cut(connection, 'reset'), drawLifetimeMs());
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    // The errors of a broken connection are what the proxy is for; `close` follows them.
    client.on('error', () => undefined);
    if (refusing) {
      counted.refused++;
      client.resetAndDestroy();
      return;
    }
    counted.connections++;
    const upstream = connect({ port: targetPort, host, allowHalfOpen: true, noDelay: true });
    const pipes = [new FaultPipe(client, upstream, up), new FaultPipe(upstream, client, down)];
    const connection: Connection = { client, upstream, pipes };
    connections.add(connection);
    upstream.on('error', () => end(connection, 'reset'));
    client.on('close', (hadError) => end(connection, hadError ? 'reset' : 'end'));
    upstream.on('close', () => {
      // With the direction down dropped, the client must not learn that the server hung up.
      if (!down.dropped) end(connection, 'end');
    });
    limitLifetime(connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server has an AddressInfo; only a pipe has a string.
  const { port } = server.address() as AddressInfo;

  const proxy: FaultProxy = {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    get counts() {
      return {
        ...counted,
        open: connections.size,
        bytesUp: up.forwardedBytes,
        bytesDown: down.forwardedBytes,
        droppedBytes: up.droppedBytes + down.droppedBytes,
      };
    },
    cut(how = 'reset') {
      const open = [...connections];
      for (const connection of open) cut(connection, how);
      return open.length;
    },
    cutEvery({ minMs, maxMs }, random = Math.random) {
      drawLifetimeMs = () => minMs + random() * (maxMs - minMs);
      for (const connection of connections) limitLifetime(connection);
      return () => {
        drawLifetimeMs = undefined;
        for (const connection of connections) clearTimeout(connection.cutTimer);
      };
    },
    stall: (direction) => change(direction, { stalled: true }),
    resume: () => change('both', { stalled: false, dropped: false, bytesPerSecond: undefined }),
    throttle(bytesPerSecond, direction = 'down') {
      if (!(bytesPerSecond > 0))
        throw new RangeError(`throttle takes a rate above 0 bytes a second, not ${bytesPerSecond}; use stall() for none`);
      change(direction, { bytesPerSecond });
    },
    drop: (direction) => change(direction, { dropped: true }),
    refuse() {
      refusing = true;
    },
    accept() {
      refusing = false;
    },
    async close() {
      drawLifetimeMs = undefined;
      const closed = server.listening ? once(server, 'close') : undefined;
      if (closed !== undefined) server.close();
      for (const connection of [...connections]) end(connection, 'reset');
      await closed;
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  return proxy;
}

/** What can go wrong between a client and a server, by name. */
export const faults = { proxy: startFaultProxy } as const;
