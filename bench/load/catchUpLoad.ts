import { nowMicros } from '../clock.ts';
import { answerParent } from '../parentCalls.ts';
import { type Quantiles, quantiles } from '../statistics.ts';
import { EventCount } from './eventFrame.ts';
import { openMany } from './openMany.ts';
import { VerbatimConnection } from './verbatimConnection.ts';

export interface CatchUpOrder {
  readonly port: number;
  readonly token: string;
  readonly threadId: string;
  readonly readers: number;
  readonly afterSeq: number;
  /** Seq of the last event that is there. */
  readonly head: number;
}

export interface CatchUpReport {
  readonly seconds: number;
  /** Stored ones, over all readers. */
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
  /** Of each reader, from its request to its last event. */
  readonly took: Quantiles;
  /** CPU of the load process as a share of one core. */
  readonly loadShare: number;
}

const calls = {
  /** Lets all readers read at once, each on a connection of its own. */
  async read(order: CatchUpOrder): Promise<CatchUpReport> {
    const { port, token, readers } = order;
    const connections = await openMany(readers, () => VerbatimConnection.open({ port, token }));
    const startCpu = process.cpuUsage();
    const startMicros = nowMicros();
    const reads = await Promise.all(connections.map((connection) => readAll(connection, order)));
    const micros = nowMicros() - startMicros;
    const { user, system } = process.cpuUsage(startCpu);
    for (const connection of connections) connection.close();
    const sum = (of: (count: EventCount) => number): number => reads.reduce((total, { count }) => total + of(count), 0);
    return {
      seconds: micros / 1_000_000,
      events: sum(({ events }) => events),
      frames: sum(({ frames }) => frames),
      bytes: sum(({ bytes }) => bytes),
      took: quantiles(reads.map((read) => read.micros)),
      loadShare: (user + system) / micros,
    };
  },
  /** From the request to the snapshot, one after the other. */
  async snapshots({ port, token, threadId }: CatchUpOrder, count = 20): Promise<{ readonly took: Quantiles; readonly bytes: number }> {
    const micros: number[] = [];
    let bytes = 0;
    for (let index = 0; index < count; index++) {
      const connection = await VerbatimConnection.open({ port, token });
      const startMicros = nowMicros();
      bytes = await new Promise((resolve, reject) => {
        connection.follow('threads.watch', { threadId, snapshot: true }, (frame) => resolve(frame.length)).catch(reject);
      });
      micros.push(nowMicros() - startMicros);
      connection.close();
    }
    return { took: quantiles(micros), bytes };
  },
};

function readAll(connection: VerbatimConnection, { threadId, afterSeq, head }: CatchUpOrder) {
  const count = new EventCount(afterSeq);
  const startMicros = nowMicros();
  return new Promise<{ readonly count: EventCount; readonly micros: number }>((resolve, reject) => {
    const onEvent = (frame: string): void => {
      count.take(frame);
      if (count.seq === head) resolve({ count, micros: nowMicros() - startMicros });
    };
    connection.follow('threads.watch', { threadId, lastEventId: afterSeq }, onEvent).catch(reject);
  });
}

export type CatchUpLoadCalls = typeof calls;

answerParent(calls);
