import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const MAX_GZIP_BYTES = 30 * 1024;

test('bundles for the browser: no Node built-in, no zod, no ws, nothing of the server, and small', async () => {
  // On this platform esbuild fails on a Node built-in.
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL('../../src/client/index.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const own = new Set<string>();
  const packages = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    if (name !== undefined) packages.add(name);
    else own.add(/src\/(\w+)\//.exec(path)?.[1] ?? path);
  }
  expect([...own].sort()).toEqual(['client', 'protocol']);
  expect([...packages].sort()).toEqual(['@trpc/client', '@trpc/server', 'copy-anything', 'partial-json', 'superjson']);
  const bytes = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength;
  console.info(`/client: ${(bytes / 1024).toFixed(1)} KB gzip`);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThan(MAX_GZIP_BYTES);
});
