import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { startServer } from '../server/startServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { collect, TRANSPORTS } from './clientOf.ts';

checkLeaksAfterwards();

test.each(TRANSPORTS)('while a server cannot tell who is calling, a client over %s comes again', async (transport) => {
  let refusals = 0;
  const server = await startServer({
    authenticate: ({ token }) => {
      if (refusals % 4 !== 3) {
        refusals += 1;
        throw new VerbatimError('AUTH_UNAVAILABLE', 'The directory is away.');
      }
      return token === undefined ? undefined : { id: token };
    },
  });
  const connect = (url: string) => {
    const client = createClient({ url, transport, token: 'ann', random: () => 0 });
    afterTest(() => client.close());
    return client;
  };
  const client = connect(server.url);
  const run = await client.send({ agent: 'pour', text: '3 1' });
  expect(refusals).toBe(3);
  refusals = 4;
  const again = connect(server.url);
  expect((await collect(again.run(run.id))).at(-1)).toMatchObject({ type: 'run.completed' });
  expect(refusals).toBe(7);
});
