import { expect, test } from 'vitest';
import { apiKeys, password } from '../../src/index.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

test.each<[what: string, options: Partial<ServerOptions>, offered: object]>([
  ['nothing is asked', {}, { open: true, password: false, token: false, cookie: false }],
  ['a function says who it is', { authenticate: byToken }, { open: false, password: false, token: true, cookie: false }],
  ['there are passwords alone', { auth: [password()] }, { open: false, password: true, token: false, cookie: false }],
  [
    'there are passwords, keys and a cookie',
    { auth: [password(), apiKeys()], cookie: true },
    { open: false, password: true, token: true, cookie: true },
  ],
])('a login page is told what it may offer, and nothing else, where %s', async (_, options, offered) => {
  const { url } = await startServer(options);
  // With no token, and with one that is not good.
  for (const headers of [{}, { authorization: 'Bearer nope' }]) {
    const response = await fetch(`${url}/trpc/auth.methods`, { headers });
    expect((await response.json()).result.data.json).toEqual(offered);
  }
});
