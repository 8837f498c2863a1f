import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { createServer, defineAgent, type Model } from '../../src/index.ts';

const STREAMS = 20;
const ROUNDS = 50;
const TOKENS = STREAMS * ROUNDS;

/** A model whose every call says one token when it is told to. */
function conductedModel() {
  let next: () => void = () => {};
  let turn = new Promise<void>((resolve) => {
    next = resolve;
  });
  let asked = 0;
  const model: Model = {
    name: 'conducted',
    async *stream() {
      asked++;
      for (let round = 0; round < ROUNDS + 2; round++) {
        await turn;
        yield { type: 'text', delta: `token ${round} ` };
      }
      yield { type: 'finish', finish: 'stop', toolCalls: [] };
    },
  };
  const play = (): void => {
    const begin = next;
    turn = new Promise((resolve) => {
      next = resolve;
    });
    begin();
  };
  return { model, play, asked: () => asked };
}

async function openStream(port: number, onToken: () => unknown): Promise<void> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/trpc`, { perMessageDeflate: false });
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  const request = (id: number, method: string, path: string, input: object): void =>
    ws.send(JSON.stringify({ id, method, params: { path, input: { json: input } } }));
  request(1, 'mutation', 'messages.send', { agent: 'conducted', text: 'go' });
  const [receipt] = await once(ws, 'message');
  ws.on('message', (data: Buffer) => data.includes('"text.delta"') && onToken());
  request(2, 'subscription', 'threads.watch', { threadId: JSON.parse(String(receipt)).result.data.json.threadId });
}

// These do not depend on the machine, as times do. When one rises, a token costs more: look at `bench/README.md` before the number is changed.
test('what a token costs in rows, commits, writes, frames and promises', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-cost-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { model, play, asked } = conductedModel();
  const server = await createServer({ agents: { conducted: defineAgent({ description: 'x', model }) }, database: join(folder, 'cost.db') });
  onTestFinished(() => server.close({ drainMs: 0 }));
  const { port } = await server.listen({ port: 0 });
  let seen = 0;
  let onRound = (): void => {};
  await Promise.all(Array.from({ length: STREAMS }, () => openStream(port, () => ++seen % STREAMS === 0 && onRound())));
  await vi.waitFor(() => expect(asked()).toBe(STREAMS));
  const round = (): Promise<void> =>
    new Promise((resolve) => {
      onRound = resolve;
      play();
    });
  await round();
  seen = 0;

  const statements: string[] = [];
  const { prototype } = new (loadSqlite().Database)(':memory:').prepare('select 1').constructor;
  const run = prototype.run;
  prototype.run = function (this: { readonly source: string }, ...args: unknown[]) {
    statements.push(this.source);
    return run.apply(this, args);
  };
  onTestFinished(() => {
    prototype.run = run;
  });
  let promises = 0;
  const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && promises++) });
  const write = vi.spyOn(Socket.prototype, 'write');
  onTestFinished(() => void vi.restoreAllMocks());
  hook.enable();
  for (let done = 0; done < ROUNDS; done++) await round();
  hook.disable();
  const [counted, frames, written] = [[...statements], seen, write.mock.calls.length];
  await round();

  const count = (start: string): number => counted.filter((sql) => sql.startsWith(start)).length;
  expect({ frames, writes: written }).toEqual({ frames: TOKENS, writes: TOKENS });
  expect(promises / TOKENS).toBeLessThan(6);
  expect(count('insert into events')).toBe(TOKENS);
  expect(count('commit')).toBe(ROUNDS);
});
