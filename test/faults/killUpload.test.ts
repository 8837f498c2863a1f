import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startChild } from '../db/childProcess.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { filesIn } from '../server/storedFiles.ts';
import { beginUpload, upload } from '../support/rawUpload.ts';
import { pngOf } from '../support/sampleFiles.ts';

async function serve(database: string) {
  const child = startChild('../faults/uploadServer.ts', database);
  return { child, port: Number(await child.firstLine()) };
}

test('kill -9 in mid-upload: what was answered is whole, and of the rest nothing is left after the next start', async () => {
  const database = join(tempFolder(), 'v.db');
  const first = await serve(database);
  const bytes = pngOf(1_000_000);
  const { file } = await upload({ port: first.port }, bytes);
  const { request } = beginUpload({ port: first.port, headers: { 'content-length': 2_000_000 } });
  request.on('error', () => {});
  request.write(pngOf(1_500_000));
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: 1, incomplete: 1, chunks: 4 + 5 }), { timeout: 10_000 });
  await first.child.kill();
  expect(filesIn(database)).toMatchObject({ incomplete: 1 });

  const second = await serve(database);
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: 1, incomplete: 0, chunks: 4, strayChunks: 0 }), {
    timeout: 10_000,
  });
  const response = await fetch(`http://127.0.0.1:${second.port}/files/${file.id}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  await second.child.kill();
}, 60_000);
