import { expect, test } from 'vitest';
import { startServer } from '../server/startServer.ts';

test.each(['/files/%E0%A4%A', `/files/${'x'.repeat(5_000)}`])(
  'a URL that cannot be read is answered as other bad input is (%#)',
  async (path) => {
    const { port } = await startServer();
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { json: { data: { reason: 'BAD_INPUT' } } } });
    expect(text).not.toContain('FST_');
  },
);
