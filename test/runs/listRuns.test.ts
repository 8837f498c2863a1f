import { expect, test } from 'vitest';
import { defineAgent } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const echo = defineAgent({
  description: '',
  run: async function* ({ text }) {
    yield { type: 'text.delta', delta: text };
  },
});

test('runs are listed by agent and by time, and all of them, within its tenant, for who may list the threads of others', async () => {
  await using server = await createTestServer({ agents: { one: echo, two: echo } });
  const clientOf = (id: string, more = {}) => server.as({ id, ...more }).client();
  const ann = clientOf('ann', { tenant: 'acme' });
  const bob = clientOf('bob', { tenant: 'globex' });
  const ids: string[] = [];
  for (const [client, agent] of [
    [ann, 'one'],
    [ann, 'two'],
    [bob, 'one'],
  ] as const) {
    const run = await client.send({ agent, text: 'hi' });
    await run.result();
    ids.push(run.id);
  }
  const [a1, a2, b1] = ids;
  const list = async (client: typeof ann, filter: object) => (await client.trpc.runs.list.query(filter)).items;
  const idsOf = async (client: typeof ann, filter: object) => (await list(client, filter)).map(({ id }) => id);
  expect(await idsOf(ann, { agent: 'one' })).toEqual([a1]);
  const [newest] = await list(ann, {});
  expect(await idsOf(ann, { createdAfter: (newest?.createdAt ?? 0) + 1 })).toEqual([]);
  expect(await idsOf(ann, { createdBefore: newest?.createdAt ?? 0 })).toEqual([a2, a1]);
  const root = clientOf('root', { roles: ['admin'] });
  expect(await idsOf(root, {})).toEqual([]);
  expect(await idsOf(root, { all: true })).toEqual([b1, a2, a1]);
  expect(await idsOf(root, { all: true, agent: 'one' })).toEqual([b1, a1]);
  expect(await idsOf(clientOf('boss', { roles: ['admin'], tenant: 'acme' }), { all: true, limit: 2 })).toEqual([a2, a1]);
  await expect(list(ann, { all: true })).rejects.toThrow('You may not list the threads of others.');
});
