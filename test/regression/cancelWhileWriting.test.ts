import { expect, test } from 'vitest';
import { defineAgent, type InferApi } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';

const agents = {
  waiter: defineAgent({
    description: 'Says a word and waits for the abort',
    run: async function* ({ signal }) {
      yield { type: 'text.delta', delta: 'one' };
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  }),
};

test('a cancel that comes while what an agent yielded is written does not wait for the grace', async () => {
  await using server = await createTestServer({ agents, limits: { cancelGraceMs: 15_000 } });
  const client = server.client<InferApi<typeof agents>>();
  const runs = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const run = await client.send({ agent: 'waiter', text: 'hi' });
      for (let turn = 0; turn < index % 12; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      await run.cancel();
      return run.result();
    }),
  );
  expect(runs.map((run) => run.status)).toEqual(runs.map(() => 'cancelled'));
}, 10_000);
