import { answerParent } from '../parentCalls.ts';
import type { TokenSchedule } from '../server/tokenStream.ts';
import { openMany } from './openMany.ts';
import { VerbatimConnection } from './verbatimConnection.ts';

export interface StallOrder {
  readonly port: number;
  readonly token: string;
  readonly readers: number;
  readonly schedule: TokenSchedule;
  /** A thread with more text than a kernel holds for a socket. */
  readonly threadId: string;
}

let connections: readonly VerbatimConnection[] = [];

const calls = {
  /** Readers who begin a stream each, ask for a long thread too, and then read nothing more, though their sockets are open. */
  async stall({ port, token, readers, schedule, threadId }: StallOrder): Promise<void> {
    connections = await openMany(readers, async () => {
      const connection = await VerbatimConnection.open({ port, token });
      await connection.stream(schedule, () => {});
      connection.follow('threads.watch', { threadId, lastEventId: 0 }, () => connection.stall()).catch(() => {});
      return connection;
    });
  },
  readers: () => connections.length,
};

export type StalledLoadCalls = typeof calls;

answerParent(calls);
