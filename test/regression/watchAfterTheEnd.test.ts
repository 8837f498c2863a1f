import { expect, test, vi } from 'vitest';
import { collect, startFaultServer } from '../faults/faultServer.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// A plain client whose socket went between a run's last event and the `stopped` frame asks again from that last event.
test('a watch of a run that is asked to go on after its last event ends at once', async () => {
  await using faulty = await startFaultServer();
  const client = faulty.client();
  const run = await client.send({ agent: 'talker', text: '3 words every 1 ms' });
  const lastSeq = (await collect(run)).at(-1)?.seq ?? 0;
  const another = await client.send({ agent: 'talker', text: '3 words every 1 ms', threadId: run.threadId });
  await another.result();
  for (const lastEventId of [lastSeq, lastSeq + 1]) {
    const frames = faulty.frames('runs.watch', { runId: run.id, lastEventId });
    await vi.waitFor(() => expect(frames.stopped).toBe(true));
    expect(frames.events).toEqual([]);
    const stream = await fetch(
      `${faulty.url}/trpc/runs.watch?input=${encodeURIComponent(JSON.stringify({ json: { runId: run.id, lastEventId } }))}`,
    );
    expect(await stream.text()).toContain('event: return');
  }
});
