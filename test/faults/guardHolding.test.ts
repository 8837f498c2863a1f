import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { type AgentContract, createClient } from '../../src/client/index.node.ts';
import type { InferApi } from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { agentWith, guardThat, PASS } from '../runs/guardSupport.ts';
import { deltasOf, expectSoundLog, gate, logOf, typesOf } from '../runs/runSupport.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { checkReading, checkRuns, readStoredLogs } from './storedLog.ts';

const CONFIG = fileURLToPath(new URL('guardHolding.config.mjs', import.meta.url));
const HELD = 'This is held back. ';

test('kill -9 while a guard holds text: nobody has seen it, no file has it, and the answer is held and let through anew', async () => {
  await using folder = new CliFolder();
  const files = { ASKED: join(folder.path, 'asked.jsonl'), RELEASE: join(folder.path, 'release') };
  const database = join(folder.path, 'v.db');
  const asked = (): { readonly guard: string; readonly text: string; readonly pid: number }[] =>
    existsSync(files.ASKED)
      ? readFileSync(files.ASKED, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  const serve = (port: string) =>
    folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], { ...files, VERBATIM_LOG_LEVEL: 'silent' });
  let running = await serve('0');
  const { port } = new URL(running.url);
  const client = createClient<{ readonly guarded: AgentContract }>({ url: running.url, random: () => 0.05 });
  try {
    const run = await client.send({ agent: 'guarded', text: 'hello' });
    const events: AnyEvent[] = [];
    const reading = (async () => {
      for await (const event of run) events.push(event as AnyEvent);
    })();
    await vi.waitFor(() => expect(asked().at(-1)?.text).toContain(HELD), { timeout: 5_000 });
    await vi.waitFor(() => expect(deltasOf(events)).toBe('You said hello (checked). '));
    running.command.kill('SIGKILL');
    await running.command.exited;
    for (const file of [database, `${database}-wal`]) expect(readFileSync(file).includes(HELD)).toBe(false);
    expect(JSON.stringify(events)).not.toContain(HELD);

    running = await serve(port);
    await vi.waitFor(() => expect(new Set(asked().map(({ pid }) => pid)).size).toBe(2), { timeout: 5_000 });
    writeFileSync(files.RELEASE, '');
    await reading;
    expect(await run.result()).toMatchObject({ status: 'completed', text: `You said hello (checked). ${HELD}Done` });
    // What the input guard had said before is in the log, and not asked again.
    expect(asked().filter(({ guard }) => guard === 'gate')).toHaveLength(1);
    expect(typesOf(events).filter((type) => type.startsWith('run.') || type === 'message.discarded')).toEqual([
      ...['run.started', 'message.discarded', 'run.resumed', 'run.completed'],
    ]);
    await client.close();
    running.command.kill('SIGKILL');
    await running.command.exited;
    const log = readStoredLogs(database).get(run.threadId);
    if (log === undefined) throw new Error('the thread is not in the file');
    expect(checkReading(log, { who: 'the reader', events })).toBe(log.events.length);
    checkRuns(log);
  } finally {
    await client.close();
  }
}, 30_000);

describe('while a guard holds text', () => {
  /** A run whose second sentence is held until it is let go. */
  async function holding(options: { readonly timeoutMs?: number } = {}) {
    const letGo = gate();
    const { guard, asked } = guardThat('holder', ({ before }) => (before === '' ? PASS : letGo.opened.then(() => PASS)), {
      mode: 'hold',
      ...options,
    });
    const { agents } = agentWith({ output: [guard] });
    const model = scriptedModel([{ chunks: ['Seen. ', HELD, 'Done'] }, { text: 'next' }]);
    // Not every test comes to the second answer.
    const server = await createTestServer({ agents, models: { assistant: { name: model.name, stream: model.stream } } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'assistant', text: 'x' });
    await vi.waitFor(async () => expect(deltasOf(await logOf(client, run.threadId))).toBe('Seen. '));
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    return { server, client, run, letGo };
  }

  test('cancel: the run ends at once with what had passed, and the thread goes on', async () => {
    const { server, client, run } = await holding();
    await using _ = server;
    const cancelledAt = performance.now();
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'Seen. ' });
    // The guard is deaf, and the grace of deaf work is ten seconds.
    expect(performance.now() - cancelledAt).toBeLessThan(5_000);
    const next = await client.send({ agent: 'assistant', text: 'y', threadId: run.threadId });
    expect(await next.text()).toBe('next');
    const log = await logOf(client, run.threadId);
    expect(JSON.stringify(log)).not.toContain(HELD);
    expectSoundLog(log);
  });

  test('reader gone: the run goes on, and who comes back finds each event once', async () => {
    const { server, client, run, letGo } = await holding();
    await using _ = server;
    const seen: AnyEvent[] = [];
    for await (const event of run) {
      seen.push(event as AnyEvent);
      if (event.type === 'text.delta') break;
    }
    await client.close();
    letGo.open();
    const back = server.client();
    await back.run(run.id).result();
    for await (const event of back.thread(run.threadId).watch({ after: seen.at(-1)?.seq ?? 0 })) {
      seen.push(event as AnyEvent);
      if (event.type === 'run.completed') break;
    }
    expect(deltasOf(seen)).toBe(`Seen. ${HELD}Done`);
    expectSoundLog(seen);
  });

  test('expiry: a guard whose time is up lets nothing through', async () => {
    const { server, client, run } = await holding({ timeoutMs: 200 });
    await using _ = server;
    expect(await run.result()).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED' } });
    expect(JSON.stringify(await logOf(client, run.threadId))).not.toContain(HELD);
  });

  test('a second cancel changes nothing', async () => {
    const { server, run } = await holding();
    await using _ = server;
    const [first, second] = await Promise.all([run.cancel(), run.cancel()]);
    expect(second.id).toBe(first.id);
    expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'Seen. ' });
  });
});
