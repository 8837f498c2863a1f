// Writes the bill of materials of what installing the package brings, in CycloneDX, out of the lockfile: node scripts/sbom.mjs [FILE]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const file = process.argv[2] ?? join(root, 'sbom.cdx.json');
const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));

/** Without what is only for development. `npm sbom --omit=dev` leaves out whatever a package for development needs as well, zod among them. */
function shipped() {
  const { devDependencies: _, ...own } = read('package.json');
  const lock = read('package-lock.json');
  const packages = Object.fromEntries(Object.entries(lock.packages).filter(([, { dev }]) => dev !== true));
  const { devDependencies: __, ...locked } = packages[''];
  return { own, lock: { ...lock, packages: { ...packages, '': locked } } };
}

const { own, lock } = shipped();
const folder = mkdtempSync(join(tmpdir(), 'verbatim-sbom-'));
try {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const asked = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=library', '--package-lock-only'];
  // On Windows npm is a script, which only a shell starts; nothing here comes from outside.
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
  const { status, stdout, stderr } = spawnSync('npm', asked, options);
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  const bill = JSON.parse(stdout);
  // npm takes the folder's name.
  bill.metadata.component.name = own.name;
  writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
  console.log(`${file}: ${bill.components.length} components`);
} finally {
  rmSync(folder, { recursive: true });
}
