import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Model } from '../../src/agents/model.ts';
import { createClient } from '../../src/client/index.node.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { defineAgent, type InferApi } from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { serverOver } from '../../src/server/createServer.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { boundPages } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate, type Gate } from '../testing/gate.ts';

checkLeaks();

const LONG = 'x'.repeat(20_000);

/** Says a word, waits at the gate, and says more than a few pages hold. */
function talker(gate: Gate): Model & { readonly calls: number } {
  let calls = 0;
  return {
    name: 'talker',
    get calls() {
      return calls;
    },
    async *stream(_request, { signal }) {
      calls++;
      yield { type: 'text', delta: 'begun ' };
      await gate.opened;
      yield { type: 'text', delta: LONG };
      // A turn of the event loop, in which the commit of that text happens.
      for (let turn = 0; turn < 20 && !signal.aborted; turn++) await nextTurn();
      yield { type: 'text', delta: ' ended' };
      yield { type: 'finish', finish: 'stop', toolCalls: [] };
    },
  };
}

/** A server on a file whose disk can be made full, and a client of it. */
async function startServer() {
  const clock = createManualClock();
  const database = openDatabase({ file: join(tempFolder(), 'verbatim.db'), clock });
  const failures: object[] = [];
  const logger = { info() {}, warn() {}, error: (fields: object) => void failures.push(fields) };
  const gate = closedGate();
  const model = talker(gate);
  const agents = { writer: defineAgent({ description: 'Writes', model }) };
  const server = await serverOver(database, { agents, clock, logger }, { closeDatabase: true });
  const { url } = await server.listen({ port: 0 });
  const client = createClient<InferApi<typeof agents>>({ url });
  return {
    raw: database.raw,
    clock,
    client,
    model,
    gate,
    failures,
    server,
    storedSeqs: () => database.raw.prepare<[], number>('select seq from events order by seq').pluck().all(),
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close({ drainMs: 0 });
    },
  };
}

/** Reads a run to its end in the background. */
function readAll(run: AsyncIterable<AnyEvent>): { readonly events: AnyEvent[]; readonly done: Promise<void> } {
  const events: AnyEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const event of run) events.push(event);
  };
  return { events, done: read() };
}

test('a run whose disk fills up in mid-answer shows nothing that is not stored, and ends when there is room', async () => {
  await using on = await startServer();
  const run = await on.client.send({ agent: 'writer', text: 'Write.' });
  const reader = readAll(run);
  await vi.waitFor(() => expect(reader.events.at(-1)).toMatchObject({ type: 'text.delta', delta: 'begun ' }));

  boundPages(on.raw, 0);
  on.gate.open();
  // More tries than a run has attempts: a full disk is not the run's doing.
  await vi.waitFor(
    async () => {
      await on.clock.advance(1_000);
      expect(on.failures.length).toBeGreaterThan(6);
    },
    { timeout: 10_000, interval: 5 },
  );
  expect(on.failures.every((failure) => 'err' in failure && String(failure.err).includes('disk of the server is full'))).toBe(true);
  const stored = on.storedSeqs();
  expect(stored).toEqual(stored.map((_, index) => index + 1));
  expect(reader.events.at(-1)?.seq).toBeLessThanOrEqual(stored.length);
  expect(JSON.stringify(reader.events)).not.toContain('xxx');
  expect((await on.client.trpc.runs.get.query({ runId: run.id })).endedAt).toBeUndefined();
  const sending = on.client.send({ agent: 'writer', text: LONG.slice(0, 9_000) });
  await expect(sending).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: true });

  boundPages(on.raw, undefined);
  await vi.waitFor(
    async () => {
      await on.clock.advance(1_000);
      expect(reader.events.at(-1)?.type).toBe('run.completed');
    },
    { timeout: 10_000, interval: 5 },
  );
  await reader.done;
  let previous = 0;
  for (const { seq, firstSeq } of reader.events) {
    expect(firstSeq ?? seq).toBe(previous + 1);
    previous = seq;
  }
  expect(reader.events.find((event) => event.type === 'run.resumed')).toMatchObject({ reason: 'storage' });
  expect(await run.result()).toMatchObject({ status: 'completed', text: `begun ${LONG} ended` });
  await vi.waitFor(() => expect(on.server.stats).toMatchObject({ activeRuns: 0, heldLogs: 0 }));
});
