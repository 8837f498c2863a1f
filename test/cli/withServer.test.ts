import { expect, test } from 'vitest';
import { withServer } from '../../src/cli/withServer.ts';
import { startServer } from '../server/startServer.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { makeCertificate } from '../support/testCertificate.ts';

checkLeaksAfterwards();

const list = (url: string) => withServer({ url }, (client) => client.agents.list());

test.each(['https', 'wss'])('a server at %s whose certificate nobody trusts is told as such, with what to do about it', async (scheme) => {
  const { port } = await startServer({ tls: makeCertificate('own') });
  const url = `${scheme}://127.0.0.1:${port}`;
  await expect(list(url)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    message: expect.stringMatching(/^The certificate of .* is not good: self-signed certificate\. .*NODE_EXTRA_CA_CERTS=/),
  });
});

test('a server that is not there is told as such, over TLS too', async () => {
  for (const url of ['http://127.0.0.1:9', 'https://127.0.0.1:9']) {
    await expect(list(url)).rejects.toMatchObject({ code: 'CONNECTION_LOST', message: expect.stringContaining(`answers at ${url}`) });
  }
  const { port } = await startServer();
  const url = `https://127.0.0.1:${port}`;
  await expect(list(url)).rejects.toMatchObject({ message: expect.stringContaining(`answers at ${url}`) });
});
