import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

test('a closing server sends those away who have nothing under way, lets the others see their runs end, and takes nothing new', async () => {
  const { server, port, url, release } = await startServer({ limits: { drainMs: 60_000 } });
  const [reader, idle] = [await openRaw({ port }), await openRaw({ port })];
  await idle.call('query', 'agents.list');
  const { runId } = (await reader.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' })) as { runId: string };
  const watch = reader.watch('runs.watch', { runId });
  await reader.until(watch, 'text.delta');
  const closed = server.close();
  // First of all: nothing is begun any more.
  const refused = await reader.error('mutation', 'messages.send', { agent: 'pour', text: 'more' });
  expect(refused.data).toMatchObject({ reason: 'SHUTTING_DOWN', retryable: true });
  expect((await idle.closed).code).toBe(1001);
  const late = new WebSocket(`ws://127.0.0.1:${port}/trpc`);
  const [, response] = (await once(late, 'unexpected-response')) as [unknown, { statusCode: number; headers: Record<string, string> }];
  expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
  late.on('error', () => {}).terminate();
  const answer = await fetch(`${url}/trpc/agents.list`);
  expect(answer.headers.get('connection')).toBe('close');
  expect(server.stats.activeRuns).toBe(1);
  release();
  await reader.until(watch, 'run.completed');
  expect((await reader.closed).code).toBe(1001);
  await closed;
  await vi.waitFor(() => expect(server.stats.connections).toBe(0));
});
