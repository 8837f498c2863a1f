// Makes a release in release/: both packages, as npm would publish them, and their bill of materials. Publishes nothing. Each step has to
// succeed; npm audit and the tests are among them unless --no-verify is given.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const release = join(root, 'release');

function run(command, ...args) {
  console.log(`> ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!process.argv.includes('--no-verify')) {
  const { stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (stdout !== '') {
    console.error(`Commit these first, a release is of a commit:\n${stdout}`);
    process.exit(1);
  }
  run('npm', 'audit', '--omit=dev', '--audit-level=high');
  run('npm', 'run', 'check');
  run('npm', 'test');
}
rmSync(release, { recursive: true, force: true });
mkdirSync(release);
run('node', 'scripts/build.mjs');
run('npm', 'pack', '--ignore-scripts', '--pack-destination', release);
run('npm', 'pack', '--ignore-scripts', '--pack-destination', release, './dist-client');
run('node', 'scripts/sbom.mjs', join(release, 'sbom.cdx.json'));
