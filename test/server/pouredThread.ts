import { expect, vi } from 'vitest';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectContiguous, openRaw, type RawSocket, type WireEvent } from '../support/rawSocket.ts';
import type { StartedServer } from './startServer.ts';

/** Bytes of one event. */
export const SIZE = 30_000;
/** More than the kernel's buffers on both sides hold. */
export const COUNT = 450;
export const PER_SOCKET = 64 * 1024;
/** What may come on top of a limit: one frame, and the small ones around it. */
export const ONE_FRAME = 60 * 1024;

export async function newThread({ port }: StartedServer): Promise<{ socket: RawSocket; threadId: string }> {
  const socket = await openRaw({ port });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  return { socket, threadId };
}

export async function pour({ socket, threadId }: { socket: RawSocket; threadId: string }, text = `${COUNT} ${SIZE}`): Promise<void> {
  const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text });
  await vi.waitFor(async () => expect(await socket.call('query', 'runs.wait', { runId })).toMatchObject({ status: 'completed' }), 15_000);
}

export async function stalledWatch(port: number, threadId: string, { stallFirst = false } = {}) {
  const proxy = await startFaultProxy({ port });
  afterTest(() => proxy.close());
  const socket = await openRaw({ port: proxy.port });
  if (stallFirst) proxy.stall('down');
  const id = socket.watch('threads.watch', { threadId });
  if (!stallFirst) await vi.waitFor(() => expect(socket.frames.some((frame) => frame.result?.type === 'started')).toBe(true));
  proxy.stall('down');
  return { proxy, socket, id, events: () => socket.events(id) };
}

/** Every blob once, in order. */
export function expectWhole(events: readonly WireEvent[], count = COUNT): void {
  expectContiguous(events);
  expect(events.filter((event) => event.type === 'data').map((event) => Number.parseInt(String(event.data), 10))).toEqual(
    Array.from({ length: count }, (_, index) => index),
  );
}
