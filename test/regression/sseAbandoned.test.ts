import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { startFaultServer } from '../faults/faultServer.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('leaving a loop over SSE ends the stream, also after Node has forgotten which signal it was to heed', async () => {
  await using faulty = await startFaultServer();
  const client = faulty.client({ transport: 'sse' });
  const { id } = await client.threads.create();
  const reader = client.thread(id).watch({ snapshot: true })[Symbol.asyncIterator]();
  await reader.next();
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  await reader.return?.();
  await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(0));
});
