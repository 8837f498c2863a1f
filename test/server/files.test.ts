import { describe, expect, test, vi } from 'vitest';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { beginUpload, upload } from '../support/rawUpload.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';
import { byToken, startServer } from './startServer.ts';
import { filesIn } from './storedFiles.ts';

checkLeaksAfterwards();

const KIB = 1024;
const PNG_TYPE = { 'content-type': 'image/png' };

const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function startOnFile(options: Partial<ServerOptions> = {}) {
  const database = `${tempFolder()}/files.db`;
  return { ...(await startServer({ ...options, database })), database };
}

/** Nothing of any file is left but this many. */
const expectFiles = (database: string, count: number) =>
  vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: count, incomplete: 0, strayChunks: 0 }), { timeout: 5_000 });

test('an upload is answered with what the bytes are, and its bytes come back', async () => {
  const { port, url } = await startServer();
  const bytes = pngOf(600 * KIB + 1);
  const { status, file } = await upload({ port, query: '?name=two%20words.png', headers: PNG_TYPE }, bytes);
  expect(status).toBe(201);
  expect(file).toEqual({ id: expect.stringMatching(/^file_/), type: 'image/png', size: bytes.byteLength, name: 'two words.png' });
  const response = await fetch(`${url}/files/${file.id}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
});

test('an upload without a length is taken as it comes', async () => {
  const { port, url } = await startServer();
  const { request, answer } = beginUpload({ port, headers: PNG_TYPE });
  const bytes = pngOf(300 * KIB);
  for (let at = 0; at < bytes.byteLength; at += 7_001) request.write(bytes.subarray(at, at + 7_001));
  request.end();
  const { file } = await answer;
  expect(file.size).toBe(bytes.byteLength);
  expect(Buffer.from(await (await fetch(`${url}/files/${file.id}`)).arrayBuffer()).equals(bytes)).toBe(true);
});

describe('limits', () => {
  test('a file of exactly maxFileBytes is kept, one byte more is FILE_TOO_LARGE', async () => {
    const { port, database } = await startOnFile({ limits: { maxFileBytes: 300 * KIB } });
    for (const hasLength of [true, false]) {
      const send = async (size: number) => {
        const { request, answer } = beginUpload({ port, headers: { ...PNG_TYPE, ...(hasLength && { 'content-length': size }) } });
        request.end(pngOf(size));
        return answer;
      };
      expect(await send(300 * KIB)).toMatchObject({ status: 201 });
      const over = await send(300 * KIB + 1);
      expect(over).toMatchObject({ status: 413, error: { data: { reason: 'FILE_TOO_LARGE', details: { limit: 'maxFileBytes' } } } });
    }
    await expectFiles(database, 2);
  });

  test('a principal keeps as many bytes as maxFileBytesPerPrincipal, and not one more', async () => {
    const { port, database } = await startOnFile({ authenticate: byToken, limits: { maxFileBytesPerPrincipal: 100 * KIB } });
    const send = (token: string, size: number) => upload({ port, headers: { ...PNG_TYPE, ...as(token) } }, pngOf(size));
    const first = await send('ann', 60 * KIB);
    expect(await send('ann', 40 * KIB + 1)).toMatchObject({
      status: 429,
      error: { data: { reason: 'QUOTA_EXCEEDED', details: { limit: 'maxFileBytesPerPrincipal', max: 100 * KIB } } },
    });
    expect(await send('ann', 40 * KIB)).toMatchObject({ status: 201 });
    // Even nothing counts as 4 KiB, or there would be no bound to how many there are.
    expect(await upload({ port, headers: as('ann') }, '')).toMatchObject({ status: 429 });
    expect(await send('bob', 100 * KIB)).toMatchObject({ status: 201 });
    const socket = await openRaw({ port, params: { token: 'ann' } });
    await socket.call('mutation', 'files.delete', { fileId: first.file.id });
    expect(await send('ann', 60 * KIB)).toMatchObject({ status: 201 });
    await expectFiles(database, 3);
  });

  test('two uploads that fit alone and not together: the one that ends last is refused', async () => {
    const { port, database } = await startOnFile({ limits: { maxFileBytesPerPrincipal: 100 * KIB } });
    const [a, b] = [beginUpload({ port, headers: PNG_TYPE }), beginUpload({ port, headers: PNG_TYPE })];
    for (const { request } of [a, b]) request.write(pngOf(60 * KIB));
    await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ incomplete: 0 }));
    a.request.end();
    b.request.end();
    expect([(await a.answer).status, (await b.answer).status].sort()).toEqual([201, 429]);
    await expectFiles(database, 1);
  });

  test('a message has ten attachments, and not eleven', async () => {
    const { port } = await startServer();
    const ids: string[] = [];
    for (let n = 0; n < 11; n++) ids.push((await upload({ port, headers: PNG_TYPE }, PNG)).file.id);
    const socket = await openRaw({ port });
    const send = (attachments: readonly string[]) => socket.call('mutation', 'messages.send', { agent: 'pour', text: '1 1', attachments });
    await expect(send(ids)).rejects.toMatchObject({ reason: 'BAD_INPUT' });
    expect(await send(ids.slice(1))).toMatchObject({ disposition: 'started' });
    await expect(send([ids[0] ?? '', ids[0] ?? ''])).rejects.toMatchObject({ reason: 'BAD_INPUT' });
  });

  test('an upload that takes too long is ended, and nothing of it is left', async () => {
    const clock = createManualClock();
    const { port, database } = await startOnFile({ clock });
    const { request, answer, closed } = beginUpload({ port, headers: { ...PNG_TYPE, 'content-length': KIB * KIB } });
    request.write(pngOf(700 * KIB));
    await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ incomplete: 1 }));
    await clock.advance(5 * 60_000);
    expect(await answer).toMatchObject({ status: 408, error: { data: { reason: 'TIMEOUT', retryable: true } } });
    await closed;
    await expectFiles(database, 0);
  });

  test('a refused upload that goes on for ever is ended in that time, too', async () => {
    const clock = createManualClock();
    const { port } = await startServer({ clock, authenticate: byToken });
    const { request, answer, closed } = beginUpload({ port, headers: { ...PNG_TYPE, connection: 'keep-alive' } });
    request.write(PNG);
    expect(await answer).toMatchObject({ status: 401, error: { data: { reason: 'UNAUTHENTICATED' } } });
    request.write(PNG);
    await clock.advance(5 * 60_000);
    await closed;
  });

  test('while as many files travel as allowed, one more is SERVER_FULL, and one that ends makes room', async () => {
    const { port } = await startServer({ limits: { maxFileTransfers: 2 } });
    const travelling = [beginUpload({ port, headers: PNG_TYPE }), beginUpload({ port, headers: PNG_TYPE })];
    for (const { request } of travelling) request.write(PNG);
    await vi.waitFor(async () =>
      expect(await upload({ port, headers: PNG_TYPE }, PNG)).toMatchObject({ status: 503, error: { data: { reason: 'SERVER_FULL' } } }),
    );
    travelling[0]?.request.end();
    expect((await travelling[0]?.answer)?.status).toBe(201);
    expect(await upload({ port, headers: PNG_TYPE }, PNG)).toMatchObject({ status: 201 });
  });

  test('a principal with all of its transfers under way is SERVER_FULL; others are not', async () => {
    const { port } = await startServer({ authenticate: byToken, limits: { maxFileTransfersPerPrincipal: 1 } });
    const mine = { port, headers: { ...PNG_TYPE, ...as('ann') } };
    beginUpload(mine).request.write(PNG);
    await vi.waitFor(async () => expect(await upload(mine, PNG)).toMatchObject({ status: 503 }));
    expect(await upload({ port, headers: { ...PNG_TYPE, ...as('bob') } }, PNG)).toMatchObject({ status: 201 });
  });
});

describe('hostile uploads', () => {
  test.each<[name: string, headers: Record<string, string>, bytes: string | Buffer]>([
    ['a page that says it is an image', { 'content-type': 'image/png' }, '<!doctype html><script>alert(1)</script>'],
    ['a page that begins as an image does', { 'content-type': 'image/gif' }, 'GIF89a<script>alert(1)</script>'],
    ['a drawing with a script that says it is a photo', { 'content-type': 'image/jpeg' }, '<svg onload="alert(1)"/>'],
    ['a PNG that says it is a PDF', { 'content-type': 'application/pdf' }, PNG],
    ['nothing that says it is a video', { 'content-type': 'video/mp4' }, ''],
  ])('%s is FILE_TYPE_REFUSED', async (_, headers, bytes) => {
    const { port, database } = await startOnFile();
    expect(await upload({ port, headers }, bytes)).toMatchObject({ status: 400, error: { data: { reason: 'FILE_TYPE_REFUSED' } } });
    await expectFiles(database, 0);
  });

  test('one that is cut off leaves nothing, and the server goes on', async () => {
    const { port, database } = await startOnFile();
    const { request, closed } = beginUpload({ port, headers: { ...PNG_TYPE, 'content-length': KIB * KIB } });
    request.write(pngOf(600 * KIB));
    await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ incomplete: 1 }));
    request.destroy();
    await closed;
    await expectFiles(database, 0);
    expect(await upload({ port, headers: PNG_TYPE }, PNG)).toMatchObject({ status: 201 });
  });

  test.each([
    ['a path', '?name=..%2F..%2Fetc%2Fpasswd', 'passwd'],
    ['a path of Windows', '?name=C%3A%5Ctemp%5Ca.png', 'a.png'],
    ['control characters and turned writing', '?name=a%0D%0Ab%E2%80%AEgpj.exe', 'abgpj.exe'],
    ['other letters', `?name=${encodeURIComponent('日本語 – résumé 😀.png')}`, '日本語 – résumé 😀.png'],
    ['dots alone', '?name=..', undefined],
    ['nothing', '?name=', undefined],
    ['two names', '?name=a&name=b', undefined],
    ['too many characters', `?name=${'x'.repeat(300)}.png`, `${'x'.repeat(251)}.png`],
  ])('a name of %s', async (_, query, name) => {
    const { port, url } = await startServer();
    const { file } = await upload({ port, query, headers: PNG_TYPE }, PNG);
    expect(file.name).toBe(name);
    const response = await fetch(`${url}/files/${file.id}`);
    if (name !== undefined) expect(response.headers.get('content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent(name)}`);
  });

  test('an empty file is a file', async () => {
    const { port, url } = await startServer();
    const { file } = await upload({ port, headers: { 'content-type': 'text/plain' } }, '');
    expect(file).toMatchObject({ type: 'text/plain', size: 0 });
    expect(await (await fetch(`${url}/files/${file.id}`)).text()).toBe('');
  });

  test('another origin is refused before anything is read', async () => {
    const { port } = await startServer();
    const answer = await upload({ port, headers: { ...PNG_TYPE, origin: 'https://evil.example' } }, PNG);
    expect(answer).toMatchObject({ status: 403, error: { data: { reason: 'NOT_ALLOWED' } } });
  });
});

test('what is another’s is NOT_FOUND, as what does not exist: its bytes, what is known of it, its deletion, and attaching it', async () => {
  const { port, url } = await startServer({ authenticate: byToken });
  const { file } = await upload({ port, headers: { ...PNG_TYPE, ...as('ann') } }, PNG);
  const bob = await openRaw({ port, params: { token: 'bob' } });
  for (const fileId of [file.id, 'file_none']) {
    const response = await fetch(`${url}/files/${fileId}`, { headers: as('bob') });
    expect([response.status, (await response.json()).error.json.data.reason]).toEqual([404, 'NOT_FOUND']);
    const refused = { reason: 'NOT_FOUND' };
    await expect(bob.call('query', 'files.get', { fileId })).rejects.toMatchObject(refused);
    await expect(bob.call('mutation', 'files.delete', { fileId })).rejects.toMatchObject(refused);
    await expect(bob.call('mutation', 'messages.send', { agent: 'pour', text: '1 1', attachments: [fileId] })).rejects.toMatchObject(
      refused,
    );
  }
  expect(await bob.call('query', 'files.list', {})).toEqual({ items: [] });
  expect(await bob.call('query', 'threads.list', {})).toEqual({ items: [] });
  expect((await fetch(`${url}/files/${file.id}`)).status).toBe(401);
  expect((await fetch(`${url}/files/${file.id}`, { headers: as('ann') })).status).toBe(200);
});
