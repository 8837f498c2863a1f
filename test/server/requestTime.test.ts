import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/protocol/clock.ts';
import { Caller } from '../../src/server/auth/caller.ts';
import {
  contextOf,
  createCallerFactory,
  procedure,
  publicProcedure,
  reading,
  router,
  verbatimErrorOf,
  waiting,
} from '../../src/server/trpc.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaksAfterwards();

/** Calls of each kind that are answered when the gate opens. */
function slowCalls(requestTimeoutMs: number) {
  const gate = closedGate();
  const slow = async () => {
    await gate.opened;
    return 'done';
  };
  const calls = router({
    open: publicProcedure.query(slow),
    query: procedure.query(slow),
    command: procedure.mutation(slow),
    read: reading.query(slow),
    wait: waiting.query(slow),
    // A watch takes its time to open, too.
    watch: procedure.subscription(async () => (await slow()) as never),
    fails: procedure.query(() => Promise.reject(new Error('broken'))),
  });
  const identity = { principal: { id: 'ann' }, method: 'test' };
  const caller = new Caller({
    identity,
    request: new IncomingMessage(new Socket()),
    clock: systemClock,
    address: '192.0.2.1',
    transport: 'http',
  });
  return { gate, calls: createCallerFactory(calls)(contextOf(caller, undefined, { requestTimeoutMs })) };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error) => verbatimErrorOf(error).code,
  );

test('a call that takes longer than requestTimeoutMs fails with TIMEOUT; waits and subscriptions have times of their own', async () => {
  const { gate, calls } = slowCalls(30);
  const patient = [calls.wait(), calls.watch()];
  for (const call of ['open', 'query', 'command', 'read'] as const) expect([call, await codeOf(calls[call]())]).toEqual([call, 'TIMEOUT']);
  gate.open();
  for (const call of patient) expect(await codeOf(call)).toBe('answered');
});

test('one that is answered or fails in time is, and no timer stays', async () => {
  const { gate, calls } = slowCalls(30_000);
  const asked = codeOf(calls.read());
  gate.open();
  expect(await asked).toBe('answered');
  expect(await codeOf(calls.fails())).toBe('INTERNAL');
});
