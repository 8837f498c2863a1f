import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { type AgentContract, createClient, emptyThread, reduceThread } from '../../src/client/index.node.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { FrameReader } from './frameReader.ts';
import { checkRuns, readStoredLogs } from './storedLog.ts';

const CONFIG = fileURLToPath(new URL('restart.config.mjs', import.meta.url));
const THREADS = 10;
const PATIENCE = { timeout: 30_000 };

type Api = { readonly worker: AgentContract };

test('a backup under load, kill -9, and its restore: all of before is there, nobody gets other events, and what was open goes on', async () => {
  await using folder = new CliFolder();
  const env = { EFFECTS: join(folder.path, 'effects.jsonl'), VERBATIM_LOG_LEVEL: 'silent' };
  const serve = (port: string) => folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], env);
  const run = async (...args: string[]): Promise<string> => {
    const command = folder.verbatim([...args, '--db', 'v.db']);
    expect([(await command.exited).code, command.stderr]).toEqual([0, '']);
    return command.stdout;
  };
  let running = await serve('0');
  const { url } = running;
  const client = createClient<Api>({ url, timeoutMs: 120_000 });
  const threads = await Promise.all(
    Array.from({ length: THREADS }, async (_, n) => {
      const { id } = await client.threads.create({ title: `thread ${n}` });
      const events: AnyEvent[] = [];
      const leaving = new AbortController();
      const watch = client.thread(id).watch({ signal: leaving.signal });
      const reading = (async () => {
        for await (const event of watch) events.push(event as AnyEvent);
      })();
      return { id, n, events, leaving, reading, frames: new FrameReader(url, { path: 'threads.watch', input: { threadId: id } }) };
    }),
  );
  const headsNow = () => new Map(threads.map(({ id, frames }) => [id, frames.events.at(-1)?.seq ?? 0]));
  const epoch = (await client.threads.get({ threadId: threads[0]?.id ?? '' })).epoch;

  // A receipt, a key, and a run that lasts, all from before the backup.
  const sent = { agent: 'worker', text: 'with a key', threadId: threads[0]?.id ?? '', idempotencyKey: 'once' } as const;
  const receipt = await client.trpc.messages.send.mutate(sent);
  const beside = new (loadSqlite().Database)(join(folder.path, 'v.db'));
  beside
    .prepare(
      "insert into api_keys (id, name, hash, prefix, principal_id, roles, created_at, created_by) values ('key_1', 'k', 'h', 'vb_', 'ann', '[]', 1, 'cli')",
    )
    .run();
  beside.close();
  const slow = await client.send({ agent: 'worker', text: 'slow' });
  for await (const event of slow) if (event.type === 'text.delta') break;

  let sending = true;
  const working = threads.map(async ({ id, n }) => {
    for (let i = 1; sending; i++) {
      // The last ones are lost with what came after the backup: nobody waits for them.
      const one = await client.send({ agent: 'worker', text: `job ${n}-${i}`, threadId: id });
      await vi.waitFor(
        async () => expect(sending && (await client.trpc.runs.get.query({ runId: one.id })).endedAt === undefined).toBe(false),
        {
          timeout: 30_000,
        },
      );
    }
  });
  const grown = async (by: number): Promise<void> => {
    const from = headsNow();
    await vi.waitFor(
      () => {
        for (const [id, head] of headsNow()) expect(head).toBeGreaterThanOrEqual((from.get(id) ?? 0) + by);
      },
      { timeout: 60_000 },
    );
  };
  await grown(60);
  const before = headsNow();
  expect(await run('backup', 'copy.db')).toMatch(/verified: 11 threads, .* open runs, .* audit log whole/);
  const at = headsNow();
  // It went on all the while.
  expect([...at.values()].reduce((sum, head) => sum + head, 0)).toBeGreaterThan([...before.values()].reduce((sum, head) => sum + head, 0));
  await grown(60);
  const after = headsNow();
  running.command.kill('SIGKILL');
  await running.command.exited;
  sending = false;
  const seen = threads.map(({ frames, events }) => [frames.events.length, events.length]);

  const refusedWhileServed = async (): Promise<void> => {
    const command = folder.verbatim(['restore', 'copy.db', '--db', 'v.db']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toContain('DATABASE_LOCKED');
  };
  const said = await run('restore', 'copy.db');
  const aside = /the database that was there: (\S+)/.exec(said)?.[1] ?? '';
  const backedUp = readStoredLogs(join(folder.path, 'copy.db'));
  const lost = readStoredLogs(aside);
  const restored = readStoredLogs(join(folder.path, 'v.db'));
  for (const { id } of threads) {
    const texts = backedUp.get(id)?.texts ?? [];
    // Whatever was committed when the backup began is in it, word for word.
    expect(texts.length).toBeGreaterThanOrEqual(before.get(id) ?? 0);
    expect(lost.get(id)?.texts.slice(0, texts.length)).toEqual(texts);
    expect(restored.get(id)?.texts).toEqual(texts);
    expect(lost.get(id)?.texts.length).toBeGreaterThan(texts.length);
  }

  running = await serve(new URL(url).port);
  await refusedWhileServed();
  await Promise.all(working.map((lane) => lane.catch((error) => expect(error).toMatchObject({ code: 'NOT_FOUND' }))));
  const now = await client.threads.get({ threadId: threads[0]?.id ?? '' });
  expect(now.epoch).not.toBe(epoch);

  // Readers that were there, and readers with cursors from before, at and after the backup: all begin anew, with what is there now.
  for (const { id } of threads) {
    for (const cursors of [before, at, after]) {
      const reading = client.trpc.threads.watch.subscribe;
      const first = await new Promise<AnyEvent>((resolve, reject) => {
        const watch = reading(
          { threadId: id, lastEventId: `${epoch}-${cursors.get(id)}` },
          {
            onData: ({ data }) => {
              watch.unsubscribe();
              resolve(data as AnyEvent);
            },
            onError: reject,
          },
        );
      });
      expect(first.type).toBe('thread.snapshot');
    }
  }
  await vi.waitFor(() => {
    for (const [i, { frames, events }] of threads.entries()) {
      expect(frames.events[seen[i]?.[0] ?? 0]?.type).toBe('thread.snapshot');
      expect(events[seen[i]?.[1] ?? 0]?.type).toBe('thread.snapshot');
    }
  }, PATIENCE);

  // What was open at the backup ends, and new work is done.
  expect(await client.run(slow.id).result()).toMatchObject({ status: 'completed' });
  expect(await client.trpc.messages.send.mutate(sent)).toEqual(receipt);
  const results = await Promise.all(
    threads.map(async ({ id }) => (await client.send({ agent: 'worker', text: 'new', threadId: id })).result()),
  );
  for (const result of results) expect(result.status).toBe('completed');
  const heads = new Map(await Promise.all(threads.map(async ({ id }) => [id, (await client.threads.get({ threadId: id })).head] as const)));
  await vi.waitFor(() => {
    for (const { id, events } of threads) expect(events.at(-1)?.seq).toBe(heads.get(id));
  }, PATIENCE);
  for (const { id, events, frames, leaving, reading } of threads) {
    leaving.abort();
    frames.close();
    await reading;
    const { items } = await client.threads.messages({ threadId: id, limit: 1_000 });
    const { messages } = events.reduce(reduceThread, emptyThread);
    expect(messages.slice(-items.length).map(({ text }) => text)).toEqual(items.slice(-messages.length).map(({ text }) => text));
  }
  await client.close();
  running.command.kill('SIGTERM');
  expect((await running.command.exited).code).toBe(0);
  for (const log of readStoredLogs(join(folder.path, 'v.db')).values()) checkRuns(log);
  const file = new (loadSqlite().Database)(join(folder.path, 'v.db'), { readonly: true });
  expect(file.prepare('select id from api_keys').pluck().all()).toEqual(['key_1']);
  file.close();
  expect(await run('audit', 'verify')).toMatch(/^whole: \d+ entries\nhead: \d+:\S+/);
}, 300_000);
