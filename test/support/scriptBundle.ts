import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** In node_modules, where its packages are found. */
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/test-scripts', import.meta.url));
const bundles = new Map<string, string>();

/** A script of the tests as one file that Node runs as it is, with what it imports of the sources. Named by what is in it. */
export function scriptBundle(script: URL): string {
  const bundle = bundles.get(script.href) ?? writeBundle(fileURLToPath(script));
  bundles.set(script.href, bundle);
  return bundle;
}

function writeBundle(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
  });
  const contents = outputFiles[0]?.contents ?? '';
  const bundle = join(FOLDER, `${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`);
  if (!existsSync(bundle)) {
    mkdirSync(FOLDER, { recursive: true });
    // Another process may write it too, and a third one read it.
    writeFileSync(`${bundle}.${process.pid}`, contents);
    renameSync(`${bundle}.${process.pid}`, bundle);
  }
  return bundle;
}
