import { expect, test, vi } from 'vitest';
import { startFaultServer } from '../faults/faultServer.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('over SSE, what is asked for in the very turn of close is not asked for after it', async () => {
  await using faulty = await startFaultServer();
  const client = faulty.client({ transport: 'sse' });
  const { id } = await client.threads.create();
  const next = client.thread(id).watch({ snapshot: true })[Symbol.asyncIterator]().next();
  const closed = client.close();
  await expect(next).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await closed;
  await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(0));
});
