import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Bytes of the client, with everything it imports, as a browser downloads it. */
export async function bundleGzipBytes(): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: "export * from 'verbatim-agents/client';", resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    // As who installs the package finds it, and not its sources, by this checkout's own configuration.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength;
}
