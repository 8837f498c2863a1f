import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSqlite, loadSqlite } from '../../src/db/sqlite.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { tempFolder } from './tempFolder.ts';

/** Installs modules of these names in a folder: real enough to be found, with the given code. */
function install(modules: Record<string, string>): NodeJS.Require {
  const folder = tempFolder();
  for (const [name, code] of Object.entries(modules)) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    writeFileSync(join(folder, 'node_modules', name, 'index.js'), code);
  }
  return createRequire(join(folder, 'index.js'));
}

const WORKS = 'module.exports = class { close() {} };';

function failure(nodeMajor: number, require: NodeJS.Require): VerbatimError {
  try {
    findSqlite(nodeMajor, require);
  } catch (error) {
    if (error instanceof VerbatimError) return error;
    throw error;
  }
  throw new Error('found');
}

test('loads the module that is installed here, once', () => {
  const sqlite = loadSqlite();
  expect(new sqlite.Database(':memory:').prepare('select 1').pluck().get()).toBe(1);
  expect(loadSqlite()).toBe(sqlite);
});

test.for([
  [20, 'better-sqlite3-node20'],
  [22, 'better-sqlite3'],
  [24, 'better-sqlite3'],
] as const)('Node %i uses %s', ([major, name]) => {
  const require = install({ 'better-sqlite3': WORKS, 'better-sqlite3-node20': WORKS });
  expect(findSqlite(major, require).path).toContain(`${join('node_modules', name)}/`);
});

test('Node 20 never loads version 13, which would end the process', () => {
  const error = failure(20, install({ 'better-sqlite3': WORKS }));
  expect(error.code).toBe('NATIVE_MODULE_MISSING');
  expect(error.message).toContain('npm rebuild better-sqlite3-node20');
});

test('a missing module is an error that names the remedy', () => {
  const error = failure(24, install({}));
  expect(error.code).toBe('NATIVE_MODULE_MISSING');
  expect(error.message).toContain('"better-sqlite3" for Node 24');
  expect(error.message).toContain('npm install --include=optional');
});

test('a module whose binary is missing is the same error', () => {
  const code = 'module.exports = class { constructor() { throw new Error("Could not locate the bindings file") } };';
  const error = failure(20, install({ 'better-sqlite3-node20': code }));
  expect(error.code).toBe('NATIVE_MODULE_MISSING');
  expect(error.cause).toMatchObject({ message: 'Could not locate the bindings file' });
});
