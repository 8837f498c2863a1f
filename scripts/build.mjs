// Builds dist from nothing, and of it dist-client, the package verbatim-client. With --if-stale only when the sources are not those that the
// last build saw; with --check nothing is built, and a stale dist is an error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClientPackage } from './clientPackage.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stamp = join(dist, '.build');

/** By content, so that a checkout that only touches files builds nothing, and by path, so that a deleted file is gone from dist too. */
function fingerprint() {
  const files = ['scripts/clientPackage.mjs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const folder of ['src', 'console']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true })) files.push(join(folder, entry));
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const path = join(root, file);
    if (statSync(path).isFile()) hash.update(file).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function builtFrom() {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return undefined; // Never built, or the build failed: the stamp is written last.
  }
}

const sources = fingerprint();
const isStale = builtFrom() !== sources || !existsSync(join(root, 'dist-client'));
if (process.argv.includes('--check')) {
  if (isStale) console.error('dist is not built from these sources: npm run build');
  process.exit(isStale ? 1 : 0);
}
if (isStale || !process.argv.includes('--if-stale')) {
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  // Programmatically: its command line would search the folders above for a configuration.
  const { build } = await import('vite');
  await build({ configFile: join(root, 'console', 'vite.config.ts'), logLevel: 'warn' });
  buildClientPackage(root);
  writeFileSync(stamp, sources);
}
