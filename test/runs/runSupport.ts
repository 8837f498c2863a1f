import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Agents } from '../../src/agents/agent.ts';
import { compileTranscript } from '../../src/agents/compileTranscript.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { ModelMessage } from '../../src/agents/model.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import type { SentStep } from '../../src/db/operations/sentStep.ts';
import { sentSteps } from '../../src/db/operations/sentStep.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { isTerminalEvent } from '../../src/protocol/event.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/testing/createTestServer.ts';
import { tempFolder } from '../db/tempFolder.ts';

interface AnyClient {
  readonly threads: Pick<ReturnType<TestServer['client']>['threads'], 'get'>;
  thread(threadId: string): { watch(options: { readonly after: number }): AsyncIterable<unknown> };
}

/** A server on a file of its own, so that a test can look into it. */
export async function serveFile<All extends Agents>(options: TestServerOptions & { readonly agents: All }) {
  const database = join(tempFolder(), 'runs.db');
  const server = await createTestServer({ ...options, database });
  return { server, database };
}

/** What was sent at each step of a run, compiled again from the file. */
export async function readSentSteps(database: string, runId: string): Promise<readonly SentStep[]> {
  const opened = openDatabase({ file: database, readonly: true });
  try {
    return sentSteps(prepareQueries(opened.raw), runId);
  } finally {
    await opened.close();
  }
}

/** Every event of a thread up to its present head. */
export async function logOf(client: AnyClient, threadId: string): Promise<AnyEvent[]> {
  const { head } = await client.threads.get({ threadId });
  const events: AnyEvent[] = [];
  if (head === 0) return events;
  for await (const event of client.thread(threadId).watch({ after: 0 })) {
    events.push(event as AnyEvent);
    if ((event as AnyEvent).seq >= head) break;
  }
  return events;
}

/** The events of a run from its beginning to its end. */
export async function eventsOf(run: AsyncIterable<unknown>): Promise<AnyEvent[]> {
  const events: AnyEvent[] = [];
  for await (const event of run) events.push(event as AnyEvent);
  return events;
}

/** Reads a run until an event of this type has come, and returns it; the run goes on. */
export async function until<Type extends AnyEvent['type']>(
  run: AsyncIterable<unknown>,
  type: Type,
): Promise<Extract<AnyEvent, { type: Type }>> {
  for await (const event of run) if ((event as AnyEvent).type === type) return event as Extract<AnyEvent, { type: Type }>;
  throw new Error(`the run ended without ${type}`);
}

export const typesOf = (events: readonly AnyEvent[]): string[] => events.map((event) => event.type).filter((type) => type !== 'text.delta');

export function deltasOf(events: readonly AnyEvent[]): string {
  return events.map((event) => (event.type === 'text.delta' ? event.delta : '')).join('');
}

/** What holds for the log of every thread: no gap, one terminal event a run and its last, tools with one outcome, P8 at every prefix. */
export function expectSoundLog(events: readonly AnyEvent[], { open = [] as readonly string[] } = {}): void {
  const ended = new Set<string>();
  const runs = new Set<string>();
  const outcomes = new Map<string, number>();
  let messages: readonly Message[] = [];
  let previous = 0;
  for (const event of events) {
    if (event.type === 'thread.snapshot') throw new Error('a log holds no snapshot');
    expect(event.firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
    expect(ended.has(event.runId), `${event.type} at ${event.seq} after the end of its run`).toBe(false);
    runs.add(event.runId);
    if (isTerminalEvent(event)) ended.add(event.runId);
    if (event.type === 'tool.completed' || event.type === 'tool.failed' || event.type === 'tool.file')
      outcomes.set(event.callId, (outcomes.get(event.callId) ?? 0) + 1);
    messages = foldEvent(messages, event);
    expectValidRequest(compileTranscript(messages));
  }
  expect([...runs].filter((run) => !ended.has(run)).sort()).toEqual([...open].sort());
  expect([...outcomes.values()].every((count) => count === 1)).toBe(true);
}

/** What every provider demands of a conversation (P8). */
export function expectValidRequest(messages: readonly ModelMessage[]): void {
  let asked: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      expect(asked, `an orphan result of ${message.callId}`).toContain(message.callId);
      asked = asked.filter((callId) => callId !== message.callId);
      continue;
    }
    expect(asked, 'calls without a result').toEqual([]);
    if (message.role === 'user') expect(message.text.trim()).not.toBe('');
    else {
      expect(message.text.trim() !== '' || message.toolCalls.length > 0, 'an empty message').toBe(true);
      for (const call of message.toolCalls) expect(typeof call.input === 'object' && call.input !== null).toBe(true);
      asked = message.toolCalls.map((call) => call.callId);
    }
  }
  expect(asked, 'calls without a result').toEqual([]);
}

/** Resolves when told to. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** A tool that counts its calls and does as it is told. */
export function countingTool(
  name: string,
  act: (call: { readonly times: number; readonly signal: AbortSignal; readonly callId: string }) => unknown = () => ({ done: true }),
  options: { readonly idempotent?: boolean; readonly timeoutMs?: number } = {},
) {
  const calls: string[] = [];
  const tool = defineTool({
    name,
    description: `Does ${name}`,
    input: z.object({ n: z.number().optional() }),
    output: z.object({ done: z.boolean() }),
    ...options,
    execute: async (_input, { callId, signal }) => {
      calls.push(callId);
      return (await act({ times: calls.length, signal, callId })) as { done: boolean };
    },
  });
  return { tool, calls };
}

/** Rejects when the signal aborts, as a tool that listens does. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
