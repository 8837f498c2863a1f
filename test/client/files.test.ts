import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type ClientOptions, createClient, type Progress } from '../../src/client/index.node.ts';
import type { AgentContract } from '../../src/client/index.ts';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { byToken, startServer } from '../server/startServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';
import { TRANSPORTS } from './clientOf.ts';

checkLeaksAfterwards();

type Api = { readonly pour: AgentContract };

function clientOf(options: ClientOptions) {
  const client = createClient<Api>({ random: () => 0, ...options });
  afterTest(() => client.close());
  return client;
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a file goes up, is known, is attached, comes down and is deleted', async () => {
    const { url } = await startServer();
    const client = clientOf({ url, transport });
    const bytes = pngOf(500_000);
    const file = await client.files.upload(new File([bytes], 'é.png', { type: 'image/png' }));
    expect(file).toEqual({ id: expect.any(String), type: 'image/png', size: 500_000, name: 'é.png' });
    expect(await client.files.get(file.id)).toEqual({ ...file, createdAt: expect.any(Number) });
    expect((await client.files.list()).items).toMatchObject([file]);
    const run = await client.send({ agent: 'pour', text: '1 1', attachments: [file.id] });
    await run.result();
    expect((await client.threads.messages({ threadId: run.threadId })).items[0]).toMatchObject({ attachments: [file] });
    expect((await bytesOf(await client.files.download(file.id))).equals(bytes)).toBe(true);
    await client.files.delete(file.id);
    await expect(client.files.download(file.id)).rejects.toMatchObject({ code: 'NOT_FOUND', retryable: false });
    await expect(client.files.get(file.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test.each<[name: string, content: () => Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>]>([
  ['a blob', () => new Blob([pngOf(200_000)])],
  ['bytes', () => pngOf(200_000)],
  ['a buffer', () => new Uint8Array(pngOf(200_000)).buffer],
  ['a stream', () => new Blob([pngOf(200_000)]).stream()],
  ['a stream of Node', () => Readable.from([pngOf(200_000).subarray(0, 150_000), pngOf(200_000).subarray(150_000)])],
])('%s is sent whole, with and without progress', async (_, content) => {
  const { url } = await startServer();
  const client = clientOf({ url });
  for (const counted of [false, true]) {
    const seen: Progress[] = [];
    const file = await client.files.upload(content(), { type: 'image/png', ...(counted && { onProgress: (at) => void seen.push(at) }) });
    expect((await bytesOf(await client.files.download(file.id))).equals(pngOf(200_000))).toBe(true);
    if (!counted) continue;
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.map(({ sentBytes }) => sentBytes)).toEqual(seen.map(({ sentBytes }) => sentBytes).toSorted((a, b) => a - b));
    expect(seen.at(-1)?.sentBytes).toBe(200_000);
  }
});

test('what the server refuses is its error, also when it stops reading midway', async () => {
  const { url } = await startServer({ limits: { maxFileBytes: 100_000 } });
  const client = clientOf({ url });
  await expect(client.files.upload(pngOf(3_000_000))).rejects.toMatchObject({ code: 'FILE_TOO_LARGE', details: { max: 100_000 } });
  await expect(client.files.upload(new Blob([pngOf(3_000_000)]).stream())).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  await expect(client.files.upload(new Blob(['<svg/>'], { type: 'image/png' }))).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED' });
});

test('the token is asked for, and once more when it was refused', async () => {
  const { url } = await startServer({ authenticate: (asked) => (asked.token === 'old' ? undefined : byToken(asked)) });
  const asked: boolean[] = [];
  const client = clientOf({
    url,
    token: ({ refresh }) => {
      asked.push(refresh);
      return refresh ? 'ann' : 'old';
    },
  });
  const file = await client.files.upload(PNG);
  expect(await bytesOf(await client.files.download(file.id))).toEqual(PNG);
  expect(asked).toEqual([false, true, false, true]);
  // A stream is gone when its token is refused.
  await expect(client.files.upload(new Blob([PNG]).stream())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(clientOf({ url, token: 'old' }).files.upload(PNG)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

/** Bytes of which the last never comes. */
const endless = () =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(pngOf(100_000)),
  });

describe('an upload that does not end', () => {
  test('is given up by its signal', async () => {
    const { url } = await startServer();
    const abort = new AbortController();
    const uploading = clientOf({ url }).files.upload(endless(), { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(uploading).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(clientOf({ url }).files.upload(PNG, { signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('is given up when its time is over', async () => {
    const { url } = await startServer();
    const clock = createManualClock();
    const client = clientOf({ url, clock });
    const uploading = client.files.upload(endless(), { onProgress: () => void clock.advance(5 * 60_000) });
    await expect(uploading).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('ends with the client, and so does a download', async () => {
    const { url } = await startServer();
    const client = clientOf({ url });
    const file = await client.files.upload(pngOf(8_000_000));
    const response = await client.files.download(file.id);
    const uploading = client.files.upload(endless(), { onProgress: () => void client.close() });
    await expect(uploading).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(response.arrayBuffer()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.files.download(file.id)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});

test('a download that breaks off is CONNECTION_LOST, never a file that is too short', async () => {
  const { url, port } = await startServer();
  const file = await clientOf({ url }).files.upload(pngOf(8_000_000));
  const proxy = await startFaultProxy({ port });
  afterTest(() => proxy.close());
  const response = await clientOf({ url: proxy.url }).files.download(file.id);
  proxy.cut('reset');
  await expect(response.arrayBuffer()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

test('without a server, files are CONNECTION_LOST', async () => {
  const { url, server } = await startServer();
  await server.close({ drainMs: 0 });
  const client = clientOf({ url });
  await expect(client.files.upload(PNG)).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
  await expect(client.files.download('file_1')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});
