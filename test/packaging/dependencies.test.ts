import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../support/spawnedCommand.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
/** What comes with the package for whoever installs it. */
const shipped = installed.filter(([, { dev }]) => dev !== true);

/** The lockfile names only other places. */
const REGISTRY = 'https://registry.npmjs.org/';

/** Those that ask for no more than to be named: nothing here is passed on under other terms. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

/** Whether one may have it under an allowed licence. Of `A OR B` one is enough; `A AND B` asks for both. */
function mayBeUsed(license: string | undefined): boolean {
  if (license === undefined) return false;
  return license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => ALLOWED.has(part.trim())));
}

test.each([
  ['MIT', true],
  ['(MIT OR WTFPL)', true],
  ['GPL-3.0 OR MIT', true],
  ['GPL-3.0', false],
  ['MIT AND GPL-3.0', false],
  ['SEE LICENSE IN LICENSE', false],
  ['UNLICENSED', false],
  [undefined, false],
])('%s may be used: %s', (license, expected) => {
  expect(mayBeUsed(license)).toBe(expected);
});

test('every package that comes with this one has a licence that is allowed', () => {
  expect(shipped.length).toBeGreaterThan(100);
  expect(shipped.filter(([, { license }]) => !mayBeUsed(license)).map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('every package is locked to its bytes, and comes from the registry', () => {
  const loose = installed.filter(([, { integrity, resolved, link }]) => {
    return link === true || integrity?.startsWith('sha512-') !== true || !(resolved ?? REGISTRY).startsWith(REGISTRY);
  });
  expect(loose.map(([path]) => path)).toEqual([]);
});

test('the lockfile is that of package.json', () => {
  const { dependencies, devDependencies, optionalDependencies } = lock.packages[''] as unknown as typeof own;
  expect({ dependencies, devDependencies, optionalDependencies }).toEqual({
    dependencies: own.dependencies,
    devDependencies: own.devDependencies,
    optionalDependencies: own.optionalDependencies,
  });
});

test('the bill of materials names what is shipped, each with its version, licence and digest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-sbom-'));
  try {
    const file = join(folder, 'sbom.json');
    await runCommand('npm', ['run', '--silent', 'sbom', '--', file], { cwd: ROOT });
    const bill = JSON.parse(readFileSync(file, 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: own.name, version: own.version } } });
    const components: Record<string, string>[] = bill.components;
    const named = new Set(components.map(({ purl = '' }) => decodeURIComponent(purl)));
    for (const name of Object.keys(own.dependencies)) {
      expect(named).toContain(`pkg:npm/${name}@${lock.packages[`node_modules/${name}`]?.version}`);
    }
    for (const component of components) expect(component).toMatchObject({ licenses: [expect.anything()], hashes: [expect.anything()] });
    expect([...named].filter((purl) => /vitest|biome|playwright/.test(purl))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
