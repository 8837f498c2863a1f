import { nowMicros } from '../clock.ts';
import { answerParent } from '../parentCalls.ts';
import { type Quantiles, quantiles } from '../statistics.ts';
import { openMany } from './openMany.ts';
import { VerbatimConnection } from './verbatimConnection.ts';

export interface SendOrder {
  readonly port: number;
  readonly atOnce: number;
  readonly seconds: number;
}

export interface SendReport {
  readonly perSecond: number;
  /** From the send to its receipt. */
  readonly receipt: Quantiles;
  /** CPU of the load process as a share of one core. */
  readonly loadShare: number;
}

const MESSAGE = { agent: 'scheduled', text: JSON.stringify({ tokensPerSecond: 0, tokens: 1 }) };

const calls = {
  /** Users who each send again as soon as they have their receipt, to a new thread each time. Nobody watches. */
  async send({ port, atOnce, seconds }: SendOrder): Promise<SendReport> {
    const users = await openMany(atOnce, (index) => VerbatimConnection.open({ port, token: `user-${index}` }));
    const startCpu = process.cpuUsage();
    const startMicros = nowMicros();
    const micros = await sendFor(users, seconds);
    const elapsedMicros = nowMicros() - startMicros;
    const { user, system } = process.cpuUsage(startCpu);
    for (const one of users) one.close();
    return {
      perSecond: (micros.length * 1_000_000) / elapsedMicros,
      receipt: quantiles(micros),
      loadShare: (user + system) / elapsedMicros,
    };
  },
};

async function sendFor(users: readonly VerbatimConnection[], seconds: number): Promise<readonly number[]> {
  const endMicros = nowMicros() + seconds * 1_000_000;
  const micros: number[] = [];
  const sendOn = async (user: VerbatimConnection): Promise<void> => {
    for (let sentMicros = nowMicros(); sentMicros < endMicros; sentMicros = nowMicros()) {
      await user.send(MESSAGE);
      micros.push(nowMicros() - sentMicros);
    }
  };
  await Promise.all(users.map(sendOn));
  return micros;
}

export type SendLoadCalls = typeof calls;

answerParent(calls);
