import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { upload } from '../support/rawUpload.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';
import { startServer } from './startServer.ts';
import { filesIn } from './storedFiles.ts';

checkLeaksAfterwards();

test.each([
  ['an image is shown', PNG, 'image/png', 'image/png', /^inline$/],
  ['a page is not', '<!doctype html><script>alert(1)</script>', 'text/html', 'text/html; charset=utf-8', /^attachment$/],
  ['a drawing in XML is not', '<svg onload="alert(1)"/>', 'image/svg+xml', 'application/xml; charset=utf-8', /^attachment$/],
  ['bytes are not', Buffer.of(0xfa, 0xfb, 0x01), 'application/octet-stream', 'application/octet-stream', /^attachment$/],
])('%s in a page, and nothing of it can run there', async (_, bytes, declared, type, disposition) => {
  const { port, url } = await startServer();
  const { file } = await upload({ port, headers: { 'content-type': declared } }, bytes);
  const { headers } = await fetch(`${url}/files/${file.id}`);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': type,
    'content-length': String(file.size),
    'content-disposition': expect.stringMatching(disposition),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-cache',
    'cross-origin-resource-policy': 'same-site',
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
  });
});

test('what a reader has is not sent again, and parts are sent as they are asked for', async () => {
  const { port, url } = await startServer();
  const bytes = pngOf(600_000);
  const { file } = await upload({ port }, bytes);
  const get = (headers: Record<string, string>) => fetch(`${url}/files/${file.id}`, { headers });
  const whole = await get({});
  await whole.arrayBuffer();
  const etag = whole.headers.get('etag') ?? '';
  expect((await get({ 'if-none-match': etag })).status).toBe(304);
  for (const [range, from, to] of [
    ['bytes=0-0', 0, 1],
    ['bytes=262143-262144', 262_143, 262_145],
    ['bytes=599000-', 599_000, 600_000],
    ['bytes=599000-700000', 599_000, 600_000],
    ['bytes=-10', 599_990, 600_000],
  ] as const) {
    const response = await get({ range });
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/600000`]);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
  }
  // What cannot be met, or is of another version, is the whole.
  for (const headers of [
    { range: 'bytes=600000-' },
    { range: 'bytes=9-3' },
    { range: 'lines=1-2' },
    { range: 'bytes=0-1', 'if-range': '"x"' },
  ]) {
    const response = await get(headers as Record<string, string>);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 600_000]);
  }
});

/** A download whose reader takes only what it is told to. */
async function download(port: number, fileId: string) {
  const asked = request({ port, host: '127.0.0.1', path: `/files/${fileId}`, agent: false });
  afterTest(() => asked.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => asked.on('response', resolve).on('error', reject).end());
  response.on('error', () => {});
  asked.on('error', () => {});
  return response;
}

test('a reader that takes nothing holds a place until it is cut off, in time', async () => {
  const clock = createManualClock();
  const { port } = await startServer({ clock, limits: { maxFileTransfers: 1 } });
  const { file } = await upload({ port }, pngOf(19_000_000));
  const response = await download(port, file.id);
  expect(await upload({ port }, PNG)).toMatchObject({ status: 503 });
  const closed = new Promise<void>((resolve) => response.on('close', resolve));
  await vi.waitFor(async () => {
    await clock.advance(60_000);
    expect(await upload({ port }, PNG)).toMatchObject({ status: 201 });
  });
  response.resume();
  await closed;
  expect(response.complete).toBe(false);
});

test('a reader that takes it slowly gets all of it', async () => {
  const clock = createManualClock();
  const { port } = await startServer({ clock });
  const bytes = pngOf(20_000_000);
  const { file } = await upload({ port }, bytes);
  const response = await download(port, file.id);
  const pieces: Buffer[] = [];
  let read = 0;
  for await (const piece of response) {
    pieces.push(piece);
    // In all it takes longer than a reader may take nothing. More than the kernel holds is between two steps, so each sees some of it taken.
    if (Math.floor(read / 6_500_000) < Math.floor((read + piece.byteLength) / 6_500_000)) await clock.advance(25_000);
    read += piece.byteLength;
  }
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test('a file that is deleted while it is read ends the answer short of its length', async () => {
  const database = join(tempFolder(), 'v.db');
  const { port } = await startServer({ database });
  const { file } = await upload({ port }, pngOf(19_000_000));
  const response = await download(port, file.id);
  const socket = await openRaw({ port });
  await socket.call('mutation', 'files.delete', { fileId: file.id });
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ incomplete: 0, chunks: 0 }), { timeout: 5_000 });
  const closed = new Promise<void>((resolve) => response.on('close', resolve));
  response.resume();
  await closed;
  expect(response.complete).toBe(false);
});
