import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutputFolder, writeOutputFolder } from '../../../src/cli/generate/outputFolder.ts';

const CONTRACT = JSON.stringify({ verbatim: 1, agents: {} });
const MADE = new Map([
  ['index.js', 'old'],
  ['package.json', JSON.stringify({ name: 'sdk', files: ['index.js'] })],
  ['contract.json', CONTRACT],
]);

let parent = '';
let path = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'verbatim-output-'));
  path = join(parent, 'sdk');
  writeOutputFolder(openOutputFolder(path), MADE);
});
afterEach(() => rmSync(parent, { recursive: true }));

const contents = (): Map<string, string> => new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]));

test('a file that cannot be written leaves all as it was, and nothing beside it', () => {
  const files = new Map([...MADE, ['index.js', 'new'], ['not/a/place.js', 'new']]);
  expect(() => writeOutputFolder(openOutputFolder(path), files)).toThrow(expect.objectContaining({ code: 'OUTPUT_REFUSED' }));
  expect(contents()).toEqual(new Map([...MADE].sort()));
  expect(readdirSync(parent)).toEqual(['sdk']);
});

test('a folder in the place of a file leaves all as it was', () => {
  mkdirSync(join(path, 'testing.js'));
  const files = new Map([...MADE, ['index.js', 'new'], ['testing.js', 'new']]);
  expect(() => writeOutputFolder(openOutputFolder(path), files)).toThrow(/testing\.js is there, and is not a file/);
  expect(readFileSync(join(path, 'index.js'), 'utf8')).toBe('old');
});

test("a contract that is damaged makes it somebody else's folder", () => {
  writeOutputFolder(openOutputFolder(path), new Map([...MADE, ['contract.json', '{"verbatim":1,"agents":{"a":null}}']]));
  expect(() => openOutputFolder(path)).toThrow(expect.objectContaining({ code: 'OUTPUT_REFUSED' }));
});
