import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { isTerminalEvent } from '../../src/protocol/event.ts';
import { storedEventSchema } from '../../src/protocol/eventSchema.ts';
import { foldEvents } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { operation, ThreadPlayer } from './scriptedOperations.ts';
import { allMessages, command, counted, encodedEvents, eventsOf, OWNER, openStore, upTo } from './storeForTest.ts';

// Hundreds of histories each.
vi.setConfig({ testTimeout: 60_000 });

const script = fc.array(operation, { maxLength: 40 });

/** Rows do not hold progress: it is news, not history. */
function withoutProgress(messages: readonly Message[]): Message[] {
  return messages.map((message) =>
    message.role === 'user' ? message : { ...message, toolCalls: message.toolCalls.map(({ progress: _, ...call }) => call) },
  );
}

/** A history: what was unfinished is so for good, ids and runs are left behind. */
function historyOf(messages: readonly Message[]): unknown[] {
  return messages
    .filter((message) =>
      message.role === 'user'
        ? message.status === 'complete'
        : message.status !== 'discarded' && (message.text !== '' || message.toolCalls.length > 0),
    )
    .map((message) =>
      message.role === 'user'
        ? { role: 'user', text: message.text, at: message.at }
        : {
            role: 'assistant',
            text: message.text,
            reasoning: message.reasoning,
            finish: message.finish ?? 'incomplete',
            calls: message.toolCalls.map(({ tool, input, rejected, status, output, error }) => ({
              tool,
              input,
              rejected,
              status: status === 'running' ? 'failed' : status,
              output,
              error: status === 'running' ? 'OUTCOME_UNKNOWN' : error?.code,
            })),
          },
    );
}

test('rows are the fold of the log, whatever happened to a thread', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (operations) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(operations);
      const folded = withoutProgress(foldEvents(await eventsOf(player.test, player.thread)));
      const snapshot = await player.test.store.log.snapshot(player.thread);
      expect(snapshot.messages).toEqual(folded);
      // Rows alone hold the text of a message once it is finished.
      const rows = await allMessages(player.test, player.threadId);
      const unsaid = folded.map((message) => {
        if (message.role === 'user' || message.status !== 'streaming') return message;
        const { reasoning: _, ...rest } = message;
        return { ...rest, text: '' };
      });
      expect(rows).toEqual(unsaid);
      player.close();
    }),
    { numRuns: 150 },
  );
});

test('seqs are 1, 2, 3 without a gap, and every run that ended has one terminal event, its last', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (operations) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(operations);
      const events = await eventsOf(player.test, player.thread);
      expect(counted(events)).toEqual(upTo(events.length));
      const { items } = await player.test.store.runs.list({ id: OWNER }, { limit: 1_000 });
      for (const run of items) {
        const own = events.filter((event) => event.runId === run.id);
        const ends = own.filter(isTerminalEvent);
        expect(ends.length).toBe(run.endedAt === undefined ? 0 : 1);
        if (ends[0] !== undefined) expect(own.at(-1)).toBe(ends[0]);
      }
      player.close();
    }),
    { numRuns: 80 },
  );
});

test('every stored event reads back through its schema, word for word', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (operations) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(operations);
      for (const { json, seq, type } of await encodedEvents(player.test, player.thread)) {
        const event = storedEventSchema.parse(JSON.parse(json));
        expect(event).toEqual(JSON.parse(json));
        expect([event.seq, event.type]).toEqual([seq, type]);
      }
      player.close();
    }),
    { numRuns: 60 },
  );
});

test("a fork's messages are the fold of the log up to its position", async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.double({ min: 0, max: 1, noNaN: true }), async (operations, where) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(operations);
      const events = await eventsOf(player.test, player.thread);
      const atSeq = Math.round(where * events.length);
      const forked = await player.test.store.threads.fork({ command: command('fork'), threadId: player.threadId, atSeq, title: undefined });
      expect(historyOf(await allMessages(player.test, forked.id))).toEqual(historyOf(foldEvents(events.slice(0, atSeq))));
      player.close();
    }),
    { numRuns: 200 },
  );
});

test('folding changes no message, no transcript and no fork at the head', async () => {
  await fc.assert(
    fc.asyncProperty(script, script, async (before, after) => {
      const player = new ThreadPlayer(openStore());
      await player.open();
      await player.play(before);
      player.test.clock.set(player.test.clock.now() + 10_000);
      const endedBefore = player.test.clock.now() - 5_000;
      await player.play(after);
      const { store } = player.test;
      const { head } = await store.threads.get({ id: OWNER }, player.threadId);
      const messages = await allMessages(player.test, player.threadId);
      const history = historyOf(foldEvents(await eventsOf(player.test, player.thread)));
      const open = await store.runs.openOfThread(player.thread);
      await store.upkeep.fold(endedBefore);
      const info = await store.threads.get({ id: OWNER }, player.threadId);
      expect(info.head).toBe(head);
      expect(await allMessages(player.test, player.threadId)).toEqual(messages);
      expect(counted(await encodedEvents(player.test, player.thread))).toEqual(upTo(head).slice(info.floor));
      for (const run of open) expect(run.firstSeq).toBeGreaterThan(info.floor);
      const forked = await store.threads.fork({ command: command('fork'), threadId: player.threadId, atSeq: undefined, title: undefined });
      expect(historyOf(await allMessages(player.test, forked.id))).toEqual(history);
      player.close();
    }),
    { numRuns: 100 },
  );
});
