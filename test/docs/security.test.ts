import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/security.md', ROOT), 'utf8');
const rows = text.split('\n').filter((line) => /^\| (?:API|V)\d/.test(line));

test('every item of the security page names tests, and each of them is there', () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const named = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
    expect(named, row.slice(0, 60)).not.toEqual([]);
    expect(named.filter((file) => !existsSync(fileURLToPath(new URL(file, ROOT))))).toEqual([]);
  }
});

test('the page has all ten items of the API list', () => {
  const items = rows.map((row) => /^\| (API\d+)/.exec(row)?.[1]).filter((item) => item !== undefined);
  expect(items).toEqual(Array.from({ length: 10 }, (_, index) => `API${index + 1}`));
});
