import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { startAccounts } from '../server/auth/startAccounts.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaksAfterwards();

test('whoever retries the run of another acts without the context of the other', async () => {
  const seen: unknown[] = [];
  const model = scriptedModel([{ text: 'one' }, { text: 'two' }]);
  const agent = defineAgent({
    description: 'bot',
    model,
    contextInput: z.object({ account: z.string() }).optional(),
    context: ({ context, principal }) => void seen.push([principal.id, context]),
  });
  await using server = await createTestServer({ agents: { bot: agent }, models: { bot: model } });
  const ann = server.as('ann').client();
  const run = await ann.send({ agent: 'bot', text: 'hi', context: { account: 'of ann' } } as never);
  await run.result();
  await ann.threads.share({ threadId: run.threadId, with: 'bob', access: 'write' });
  await (await server.as('bob').client().run(run.id).retry()).result();
  expect(seen).toEqual([
    ['ann', { account: 'of ann' }],
    ['bob', undefined],
  ]);
});

test('what waits of a user who is disabled does not begin, nor what is for a role that was taken', async () => {
  const gate = closedGate();
  const begun: string[] = [];
  const slow = defineAgent({
    description: 'slow',
    access: ['staff'],
    run: async function* ({ text }) {
      begun.push(text);
      await gate.opened;
      yield { type: 'text.delta', delta: text };
    },
  });
  const accounts = await startAccounts({ agents: { slow }, roles: { staff: {} } });
  const start = async (name: string) => {
    const user = await accounts.createUser(name, { roles: ['staff'] });
    const { accessToken } = await accounts.logIn(name);
    const send = async (text: string, threadId?: string) =>
      (
        await accounts.post<{ threadId: string; runId: string }>(
          'messages.send',
          { agent: 'slow', text: `${name} ${text}`, threadId },
          accessToken,
        )
      ).data;
    const { threadId } = await send('at work');
    return { user, waiting: await send('waiting', threadId) };
  };
  const [eve, max] = [await start('eve'), await start('max')];
  await vi.waitFor(() => expect(begun).toHaveLength(2));
  await accounts.root.call('mutation', 'admin.users.disable', { userId: eve.user.id });
  await accounts.root.call('mutation', 'admin.users.setRoles', { userId: max.user.id, roles: [] });
  gate.open();
  for (const { waiting } of [eve, max]) {
    const wait = { runId: waiting.runId, timeoutMs: 10_000 };
    expect(await accounts.root.call('query', 'runs.wait', wait)).toMatchObject({ status: 'failed', error: { code: 'NOT_ALLOWED' } });
  }
  expect(begun).toEqual(['eve at work', 'max at work']);
});

test('the tokens of a day hold for an agent that reports its own', async () => {
  const greedy = defineAgent({
    description: 'greedy',
    run: async function* () {
      yield { type: 'usage', model: 'm', usage: { inputTokens: 100_000, outputTokens: 0 } };
      yield { type: 'text.delta', delta: 'more' };
    },
  });
  await using server = await createTestServer({ agents: { greedy }, limits: { tokensPerDay: 5_000 } });
  const run = await server.client().send({ agent: 'greedy', text: 'go' } as never);
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'QUOTA_EXCEEDED' } });
});
