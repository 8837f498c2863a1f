import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createServer } from '../../src/server/createServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { expectContiguous, RawSocket } from '../support/rawSocket.ts';
import { makeCertificate, type TestCertificate } from '../support/testCertificate.ts';
import { pourAgent, startServer } from './startServer.ts';

checkLeaksAfterwards();

const FIRST = makeCertificate('first');
const SECOND = makeCertificate('second');

/** The name in the certificate that a new connection is shown. */
async function shownName(port: number): Promise<string> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  await once(socket, 'close');
  return String(subject.CN);
}

async function statusOf(port: number, path: string, { cert: ca }: TestCertificate) {
  const [response] = await once(get({ port, host: '127.0.0.1', path, ca, agent: false }), 'response');
  response.resume();
  await once(response, 'close');
  return { status: response.statusCode, headers: response.headers };
}

async function openSecure(port: number, { cert: ca }: TestCertificate): Promise<RawSocket> {
  const socket = new RawSocket(new WebSocket(`wss://127.0.0.1:${port}/trpc`, { ca }));
  await once(socket.ws, 'open');
  return socket;
}

/** A certificate in files that a test writes anew. */
function certificateFiles(first: TestCertificate) {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-tls-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const write = ({ cert, key }: TestCertificate): void => {
    writeFileSync(files.key, key);
    writeFileSync(files.cert, cert);
  };
  write(first);
  return { files, write };
}

test('with a certificate, https and wss are served, answers say that it is to stay so, and http is not', async () => {
  const { port, url } = await startServer({ tls: FIRST });
  expect(url).toBe(`https://127.0.0.1:${port}`);
  const { status, headers } = await statusOf(port, '/trpc/agents.list', FIRST);
  expect(status).toBe(200);
  expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  const socket = await openSecure(port, FIRST);
  expect(await socket.call('query', 'agents.list')).toHaveLength(1);
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
});

test.each<[how: string, reload: (started: Awaited<ReturnType<typeof startServer>>) => void]>([
  ['it is told to', ({ server }) => server.reloadCertificate()],
  ['the files change', () => {}],
])('when %s, new connections get the new certificate, and a stream that runs loses nothing', async (_, reload) => {
  const { files, write } = certificateFiles(FIRST);
  const { agent, release } = pourAgent();
  const started = await startServer({ tls: files, agents: { pour: agent } });
  const { port } = started;
  const socket = await openSecure(port, FIRST);
  const { threadId }: { threadId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const watch = socket.watch('threads.watch', { threadId });
  await socket.until(watch, 'text.delta');
  expect(await shownName(port)).toBe('first');
  write(SECOND);
  reload(started);
  await vi.waitFor(async () => expect(await shownName(port)).toBe('second'), { timeout: 10_000, interval: 100 });
  release();
  expectContiguous(await socket.until(watch, 'run.completed'));
  expect(socket.ws.readyState).toBe(WebSocket.OPEN);
  const other = await openSecure(port, SECOND);
  expect(await other.call('query', 'agents.list')).toHaveLength(1);
});

test('a certificate that cannot be used is told, and the one before it stays', async () => {
  const warned: string[] = [];
  const logger = { info() {}, error() {}, warn: (_: object, message: string) => void warned.push(message) };
  const { files, write } = certificateFiles(FIRST);
  const { server, port } = await startServer({ tls: files, logger });
  write({ cert: SECOND.cert, key: FIRST.key });
  expect(() => server.reloadCertificate()).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  await vi.waitFor(() => expect(warned).toContain('the new certificate cannot be used; the one before it stays'), { timeout: 10_000 });
  expect(await shownName(port)).toBe('first');
});

test.each([
  [{ cert: '/nowhere/cert.pem', key: FIRST.key }, /tls\.cert cannot be read/],
  [{ cert: SECOND.cert, key: FIRST.key }, /belong together/],
  [{ cert: FIRST.key, key: FIRST.key }, /belong together/],
])('a server whose certificate cannot be used does not start', async (tls, message) => {
  const { agent } = pourAgent();
  const failed = await createServer({ agents: { pour: agent }, tls }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
  expect(String(failed)).not.toContain('PRIVATE KEY');
});

test('a connection that does not finish its handshake is cut off', async () => {
  const { port } = await startServer({ tls: FIRST, limits: { headersTimeoutMs: 200 } });
  const { connect: connectPlain } = await import('node:net');
  const socket = connectPlain(port, '127.0.0.1');
  afterTest(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
});
