import { answerParent } from '../parentCalls.ts';
import type { TokenSchedule } from '../server/tokenStream.ts';
import type { ServerName } from '../startServer.ts';
import { openMany } from './openMany.ts';
import { RawConnection } from './rawConnection.ts';
import { VerbatimConnection } from './verbatimConnection.ts';
import { takeDelta, windowCalls } from './windowCalls.ts';

export interface ReadersOrder {
  readonly server: ServerName;
  readonly port: number;
  readonly readers: number;
  readonly schedule: TokenSchedule;
}

/** The load of one thread with many readers: all read what one of them asks for. */
const calls = {
  ...windowCalls,
  /** Answers when all of them read and the first has asked. */
  async begin(order: ReadersOrder): Promise<void> {
    await (order.server === 'raw' ? beginRaw(order) : beginVerbatim(order));
  },
};

async function beginRaw({ port, readers, schedule }: ReadersOrder): Promise<void> {
  const [first] = await openMany(readers, async () => {
    const connection = await RawConnection.open({ port, token: '' });
    await connection.join(takeDelta);
    return connection;
  });
  first?.broadcast(schedule);
}

async function beginVerbatim({ port, readers, schedule }: ReadersOrder): Promise<void> {
  const options = { port, token: 'owner' };
  const owner = await VerbatimConnection.open(options);
  const threadId = await owner.createThread();
  await openMany(readers, async () => {
    const connection = await VerbatimConnection.open(options);
    await connection.watch('threads.watch', { threadId }, takeDelta);
  });
  await owner.send({ threadId, agent: 'scheduled', text: JSON.stringify(schedule) });
}

export type FanOutLoadCalls = typeof calls;

answerParent(calls);
