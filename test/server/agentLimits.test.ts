import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { type ScriptedModelTurn, scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { closedGate } from '../testing/gate.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

const noop = defineTool({ name: 'noop', description: '', input: z.object({}), output: z.null(), execute: async () => null });

const scripted = (turns: ScriptedModelTurn[]) => ({
  agent: defineAgent({ description: '', model: scriptedModel(turns), tools: [noop] }),
});

async function sent(port: number): Promise<{ socket: RawSocket; runId: string; wait(): Promise<unknown> }> {
  const socket = await openRaw({ port });
  const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { agent: 'agent', text: 'go' });
  return { socket, runId, wait: () => socket.call('query', 'runs.wait', { runId }) };
}

test('a model call may ask for 128 tool calls, and not for one more', async () => {
  const calls = (count: number) => Array.from({ length: count }, () => ({ name: 'noop' }));
  const allowed = await startServer({ agents: scripted([{ toolCalls: calls(128) }, { text: 'done' }]) });
  expect(await (await sent(allowed.port)).wait()).toMatchObject({ status: 'completed' });
  const refused = await startServer({ agents: scripted([{ toolCalls: calls(129) }]) });
  expect(await (await sent(refused.port)).wait()).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('128') } });
});

test('a message holds a MiB, and not one byte more', async () => {
  // Three bytes each in UTF-8, and one UTF-16 unit.
  const text = `${'€'.repeat((1024 * 1024 - 1) / 3)}x`;
  const allowed = await startServer({ agents: scripted([{ text }]) });
  expect(await (await sent(allowed.port)).wait()).toMatchObject({ status: 'completed' });
  const refused = await startServer({ agents: scripted([{ text: `${text}y` }]) });
  expect(await (await sent(refused.port)).wait()).toMatchObject({ status: 'failed', error: { code: 'MODEL_OUTPUT_TOO_LARGE' } });
});

test('a tool has a minute', async () => {
  const clock = createManualClock();
  const called = closedGate();
  const slow = defineTool({
    name: 'slow',
    description: '',
    input: z.object({}),
    output: z.null(),
    execute: () => {
      called.open();
      return new Promise<null>(() => {});
    },
  });
  const agent = defineAgent({ description: '', model: scriptedModel([{ toolCalls: [{ name: 'slow' }] }, { text: 'oh' }]), tools: [slow] });
  const { port } = await startServer({ agents: { agent }, clock });
  const { socket, runId } = await sent(port);
  const watch = socket.watch('runs.watch', { runId });
  await called.opened;
  await clock.advance(59_999);
  expect(socket.events(watch).some((event) => event.type === 'tool.failed')).toBe(false);
  await clock.advance(1);
  expect((await socket.until(watch, 'tool.failed')).find((event) => event.type === 'tool.failed')).toMatchObject({
    error: { code: 'TOOL_TIMEOUT' },
  });
  await socket.until(watch, 'run.completed');
});

test('a closing server lets runs finish within the time it drains', async () => {
  const gate = closedGate();
  const { port, server } = await startServer({ agents: scripted([{ text: 'all of it', until: gate.opened }]), limits: { drainMs: 5_000 } });
  const { socket, runId } = await sent(port);
  const watch = socket.watch('runs.watch', { runId });
  await socket.until(watch, 'text.delta');
  const closed = server.close();
  gate.open();
  await socket.until(watch, 'run.completed');
  expect((await socket.closed).code).toBe(1001);
  await closed;
});

test('a closing server leaves a run that does not finish in time open, and closes', async () => {
  const { port, server } = await startServer({
    agents: scripted([{ text: 'half', until: new Promise(() => {}) }]),
    limits: { drainMs: 30 },
  });
  const { socket, runId } = await sent(port);
  const watch = socket.watch('runs.watch', { runId });
  await socket.until(watch, 'text.delta');
  await server.close();
  expect((await socket.closed).code).toBe(1001);
  expect(socket.events(watch).at(-1)?.type).toBe('text.delta');
  await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));
});
