import { expect, test } from 'vitest';
import { startFaultServer } from '../faults/faultServer.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('a run that waits for room is not the active one of a snapshot', async () => {
  await using faulty = await startFaultServer({ limits: { maxRuns: 1 } });
  const client = faulty.client();
  const first = await client.send({ agent: 'talker', text: '10000 words every 5 ms' });
  const second = await client.send({ agent: 'talker', text: '1 words every 1 ms' });
  expect(second.receipt.disposition).toBe('queued');
  const snapshotOf = async (threadId: string) => {
    for await (const event of client.thread(threadId).watch({ snapshot: true })) return event;
    return undefined;
  };
  expect(await snapshotOf(first.threadId)).toMatchObject({ type: 'thread.snapshot', activeRunId: first.id });
  expect(await snapshotOf(second.threadId)).not.toHaveProperty('activeRunId');
  await first.cancel();
  await second.result();
});
