import { expect, test } from 'vitest';
import { defineAgent, type ServerOptions } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { openForTest } from '../db/openForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

/** A server on a file, one finished run of `ann`, and what there is of it in the file. */
async function serve(options: Partial<ServerOptions> = {}) {
  const database = `${tempFolder()}/v.db`;
  const model = scriptedModel([{ text: 'ok' }]);
  const server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) }, database, ...options });
  const client = server.as('ann').client();
  const run = await client.send({ agent: 'bot', text: 'hi' } as never);
  await run.result();
  const root = server.as({ id: 'root', roles: ['admin'] }).client();
  return { server, client, run, root, database };
}

test('an edit that is refused leaves no fork', async () => {
  const { server, client, run } = await serve();
  await using _ = server;
  const edit = client.messages.edit({ messageId: run.messageId, text: 'again', attachments: ['file_nothing'] } as never);
  await expect(edit).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await client.threads.list()).items).toHaveLength(1);
});

test('a retry that is refused counts as no message', async () => {
  const { server, client, run, root } = await serve({ limits: { messagesPerMinute: 3 } });
  await using _ = server;
  await root.trpc.admin.agents.disable.mutate({ agent: 'bot' });
  for (let n = 0; n < 4; n++) await expect(run.retry()).rejects.toMatchObject({ code: 'AGENT_DISABLED' });
  await root.trpc.admin.agents.enable.mutate({ agent: 'bot' });
  expect((await client.threads.get({ threadId: run.threadId })).activeRunId).toBeUndefined();
});

test('a message to more agents than one may ask is refused before there is anything of it', async () => {
  const agents = Object.fromEntries(
    ['bot', 'a', 'b'].map((name) => [name, defineAgent({ description: name, model: scriptedModel([{ text: 'ok' }]) })]),
  );
  const models = { bot: scriptedModel([{ text: 'ok' }]), a: scriptedModel([]), b: scriptedModel([]) };
  const { server, client, database } = await serve({ agents, limits: { maxChildRuns: 1 }, ...{ models } });
  const asked = client.send({ agents: ['a', 'b'], text: 'both' } as never);
  await expect(asked).rejects.toMatchObject({ code: 'BAD_INPUT', details: { limit: 'maxChildRuns', max: 1 } });
  await server[Symbol.asyncDispose]();
  const { raw } = openForTest({ file: database });
  const count = (table: string) => raw.prepare(`select count(*) from ${table}`).pluck().get();
  expect([count('threads'), count('runs')]).toEqual([1, 1]);
});
