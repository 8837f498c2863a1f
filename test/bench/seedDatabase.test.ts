import { join } from 'node:path';
import { createServer, defineAgent, offline } from 'verbatim-agents';
import { createClient, emptyThread, type JsonApi, reduceThread } from 'verbatim-agents/client';
import { expect, test } from 'vitest';
import { openSqlite } from '../../bench/seed/openSqlite.ts';
import { seedDatabase, seededThreadId } from '../../bench/seed/seedDatabase.ts';
import { storedEventSchema } from '../../src/protocol/eventSchema.ts';
import { STORED_EVENTS } from '../db/storedEvents.ts';
import { tempFolder } from '../db/tempFolder.ts';

test('a seeded file holds what a server would have left: events by the schema, and the messages that they make', async () => {
  const file = join(tempFolder(), 'seeded.db');
  await seedDatabase(file, { threads: 120, runsPerThread: 2, eventsPerRun: 10, users: 7 });
  const raw = openSqlite(file);
  const texts = raw.prepare<[], string>(`select json from (${STORED_EVENTS})`).pluck().all();
  const orphans = raw.pragma('foreign_key_check');
  raw.close();
  expect(texts).toHaveLength(2_400);
  for (const text of texts) storedEventSchema.parse(JSON.parse(text));
  expect(orphans).toEqual([]);

  const agents = { bot: defineAgent({ description: 'bot', model: offline() }) };
  await using server = await createServer({ agents, database: file, authenticate: ({ token = '' }) => ({ id: token }) });
  const { url } = await server.listen({ port: 0 });
  const client = createClient<JsonApi>({ url, token: () => `user-${111 % 7}` });
  const id = seededThreadId(111);
  let state = emptyThread;
  for await (const event of client.thread(id).watch()) {
    state = reduceThread(state, event);
    if (event.seq === 20) break;
  }
  expect(state.messages).toHaveLength(4);
  expect((await client.threads.messages({ threadId: id })).items).toEqual(state.messages);
  await client.close();
});
