import { nowMicros, sleep } from '../clock.ts';
import { answerParent } from '../parentCalls.ts';
import type { TokenSchedule } from '../server/tokenStream.ts';
import { type Quantiles, quantiles } from '../statistics.ts';
import { madeMicros } from './delta.ts';
import { type Dialect, type LoadConnection, openConnection } from './loadConnection.ts';
import { openMany } from './openMany.ts';
import { takeDelta, windowCalls } from './windowCalls.ts';

export interface OpenOrder {
  readonly dialect: Dialect;
  readonly port: number;
  readonly connections: number;
}

export interface BeginOrder {
  readonly streamsPerConnection: number;
  readonly schedule: TokenSchedule;
  /** Begins are spread evenly over this time. */
  readonly overMs: number;
  /** Threads to go on with, by connection; the others begin new ones. */
  readonly threadIds?: Readonly<Record<number, string>>;
}

export interface ProbeOrder {
  readonly sends: number;
  readonly perSecond: number;
}

/** Sends of a probe take turns on so many connections of their own. */
const PROBE_CONNECTIONS = 20;
const PROBE_SCHEDULE: TokenSchedule = { tokensPerSecond: 100, tokens: 3 };

/** The load of many streams, each with a reader of its own. */
let connections: readonly LoadConnection[] = [];
let probes: readonly LoadConnection[] = [];

const calls = {
  async open({ dialect, port, connections: count }: OpenOrder): Promise<void> {
    connections = await openMany(count, (index) => openConnection(dialect, { port, token: `user-${index}` }));
    probes = await openMany(PROBE_CONNECTIONS, (index) => openConnection(dialect, { port, token: `probe-${index}` }));
  },
  /** Answers when the server has accepted all of them. */
  async begin({ streamsPerConnection, schedule, overMs, threadIds = {} }: BeginOrder): Promise<void> {
    const startMs = performance.now();
    const begun = connections.flatMap((connection, index) =>
      Array.from({ length: streamsPerConnection }, async (_, stream) => {
        const share = (index + stream / streamsPerConnection) / connections.length;
        await sleep(startMs + share * overMs - performance.now());
        await connection.stream(schedule, takeDelta, threadIds[index]);
      }),
    );
    await Promise.all(begun);
  },
  ...windowCalls,
  /** From a send to its first token, less what the model took for it, while the other streams go on. */
  async probe({ sends, perSecond }: ProbeOrder): Promise<Quantiles> {
    const startMs = performance.now();
    const micros = Array.from({ length: sends }, async (_, index) => {
      const connection = probes[index % probes.length];
      if (connection === undefined) throw new Error('open comes before probe');
      await sleep(startMs + (index * 1_000) / perSecond - performance.now());
      return firstTokenMicros(connection);
    });
    return quantiles(await Promise.all(micros));
  },
};

function firstTokenMicros(connection: LoadConnection): Promise<number> {
  return new Promise((resolve, reject) => {
    const sentMicros = nowMicros();
    const onToken = (delta: string): void => {
      const [token = ''] = delta.split(' ', 1);
      const called = token.indexOf(':');
      if (called === -1) return;
      const modelMicros = madeMicros(token) - Number(token.slice(0, called));
      resolve(nowMicros() - sentMicros - modelMicros);
    };
    connection.stream(PROBE_SCHEDULE, onToken).catch(reject);
  });
}

export type StreamLoadCalls = typeof calls;

answerParent(calls);
