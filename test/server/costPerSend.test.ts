import { expect, onTestFinished, test } from 'vitest';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { defineAgent, type Model } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';

const SENDS = 20;

const model: Model = {
  name: 'one word',
  async *stream() {
    yield { type: 'text', delta: 'hello' };
    yield { type: 'finish', finish: 'stop', toolCalls: [] };
  },
};

/** Counts what is asked of SQLite from now on, by the beginning of the statement. */
function countStatements() {
  const { Database } = loadSqlite();
  const prepared: string[] = [];
  const asked: string[] = [];
  const { prepare } = Database.prototype;
  const { prototype } = new Database(':memory:').prepare('select 1').constructor;
  const { run, get, all } = prototype;
  const recording = function (this: unknown, source: string): unknown {
    prepared.push(source);
    return prepare.call(this as never, source);
  };
  Database.prototype.prepare = recording as never;
  for (const [name, method] of Object.entries({ run, get, all })) {
    prototype[name] = function (this: { readonly source: string }, ...args: unknown[]) {
      asked.push(this.source.replaceAll('"', ''));
      return method.apply(this, args);
    };
  }
  onTestFinished(() => {
    Database.prototype.prepare = prepare;
    Object.assign(prototype, { run, get, all });
  });
  return { prepared, asked };
}

// These do not depend on the machine, as times do. When one rises, a send costs more: look at `bench/README.md` before the number is changed.
test('what a send and its run cost in commits and statements, one after the other', async () => {
  await using server = await createTestServer({ agents: { helper: defineAgent({ description: 'x', model }) } });
  const client = server.client();
  const send = async (): Promise<void> => void (await (await client.send({ agent: 'helper', text: 'hi' })).result());
  await send();
  const { prepared, asked } = countStatements();
  for (let sent = 0; sent < SENDS; sent++) await send();
  const each = (pattern: RegExp): number => asked.filter((source) => pattern.test(source)).length / SENDS;
  // The message and its run; the step; its text, which may go with the whole answer; the end.
  expect(each(/^commit/)).toBeLessThanOrEqual(4.5);
  expect(each(/^select .* from runs where runs\.key = \?/)).toBeLessThanOrEqual(1);
  expect(each(/count\(\*\) from threads/)).toBeLessThan(1);
  // The clock's own question, four times a second, is of no send.
  const ofSends = (sources: readonly string[]): string[] => sources.filter((source) => !/from "?shares/.test(source));
  expect(ofSends(asked).filter((source) => / limit \?/.test(source))).toEqual([]);
  expect(ofSends(prepared)).toEqual([]);
  expect(asked.length / SENDS).toBeLessThan(63);
});
