import { expect, test } from 'vitest';
import { collect, startFaultServer } from '../faults/faultServer.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// On Node 20 a read that is asked for after its fetch was aborted never settles when the answer has ended meanwhile, which is how every
// run ends. The stream's timer then kept the process alive for 40 s.
test('a run read to its end over SSE leaves no stream and no timer behind', async () => {
  await using faulty = await startFaultServer();
  const client = faulty.client({ transport: 'sse' });
  const runs = await Promise.all(Array.from({ length: 20 }, () => client.send({ agent: 'talker', text: '20 words every 2 ms' })));
  for (const events of await Promise.all(runs.map(collect))) expect(events.at(-1)?.type).toBe('run.completed');
});
