import { expect, test } from 'vitest';
import { startServer } from '../server/startServer.ts';

test.each([
  ['/files/%E0%A4%A', 400, 'BAD_INPUT'],
  // No id is that long.
  [`/files/${'x'.repeat(5_000)}`, 404, 'NOT_FOUND'],
])('a URL that cannot be read is answered as other bad input is (%#)', async (path, status, reason) => {
  const { port } = await startServer();
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(JSON.parse(text)).toMatchObject({ error: { json: { data: { reason } } } });
  expect(text).not.toContain('FST_');
});
