import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const MAX_GZIP_BYTES = 8 * 1024;
const root = new URL('../..', import.meta.url).pathname;

async function bundle(contents: string): Promise<{ readonly bytes: number; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    external: ['react'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  return { bytes: gzipSync(file?.contents ?? '', { level: 9 }).byteLength, inputs: Object.keys(metafile.inputs) };
}

const CLIENT = "export * from './src/client/index.ts';";
const HOOKS = "export * from './src/react/index.ts';";

test('the hooks add little to the client, and bring nothing but React', async () => {
  const [client, both, hooks] = await Promise.all([bundle(CLIENT), bundle(CLIENT + HOOKS), bundle(HOOKS)]);
  const added = both.bytes - client.bytes;
  console.info(`/react: ${(added / 1024).toFixed(1)} KB gzip more than /client, ${(hooks.bytes / 1024).toFixed(1)} KB alone`);
  expect(added).toBeGreaterThan(1_000);
  expect(added).toBeLessThan(MAX_GZIP_BYTES);
  expect(hooks.inputs.filter((path) => path.includes('node_modules'))).toEqual([]);
});
