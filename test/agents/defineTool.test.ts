import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/agents/defineTool.ts';

const base = { name: 'act', description: '', input: z.object({ q: z.string() }), output: z.string() };
const tool =
  (options: object, input: z.ZodType = base.input) =>
  () =>
    defineTool({ ...base, input, ...options, execute: () => 'done' } as never);

describe('a definition that cannot hold is refused, and told why', () => {
  test.each<[name: string, options: object, message: RegExp]>([
    ['a retry of what is not idempotent', { retry: { maxAttempts: 2 } }, /act is not idempotent.*twice.*`retry\.when`/],
    ['a cache of what is not idempotent', { cache: { ttlMs: 1 }, idempotent: false }, /only read/],
    ['a cache with an approval', { cache: { ttlMs: 1 }, needsApproval: true }, /`cache` and `needsApproval`/],
    ['a cache with an approval that a function decides', { cache: { ttlMs: 1 }, needsApproval: () => false }, /`needsApproval`/],
    ['a cache that holds nothing', { cache: { ttlMs: 0 } }, /`cache\.ttlMs: 0`/],
    ['no attempt at all', { idempotent: true, retry: { maxAttempts: 0 } }, /`retry\.maxAttempts: 0`/],
    ['half an attempt', { idempotent: true, retry: { maxAttempts: 1.5 } }, /whole number/],
    ['no place', { maxConcurrent: 0 }, /`maxConcurrent: 0`/],
    ['no time', { timeoutMs: -1 }, /`timeoutMs: -1`/],
    ['endless time', { timeoutMs: Number.POSITIVE_INFINITY }, /`timeoutMs: Infinity`/],
    ['a worker without a module', { worker: true }, /`module: import\.meta\.url`/],
    ['a worker with a path', { worker: true, module: '/srv/tool.js' }, /URL of a file/],
  ])('%s', (_name, options, message) => {
    expect(tool(options)).toThrow(TypeError);
    expect(tool(options)).toThrow(message);
  });

  test('a client-side tool has no cache', () => {
    const clientTool = () =>
      defineTool({
        ...base,
        // @ts-expect-error nobody here carries it out
        cache: { ttlMs: 1 },
      });
    expect(clientTool().cache).toBeUndefined();
  });
});

test.each<[name: string, options: object]>([
  ['an idempotent tool may be retried', { idempotent: true, retry: { maxAttempts: 2 } }],
  ['one that says when it did nothing may be retried', { retry: { maxAttempts: 2, when: () => true } }],
  ['one that has a cache may be retried', { cache: { ttlMs: 1 }, retry: { maxAttempts: 2 } }],
  ['a cache with an approval that is off', { cache: { ttlMs: 1 }, needsApproval: false }],
])('%s', (_name, options) => {
  expect(tool(options)).not.toThrow();
});

test('a tool with a cache is idempotent', () => {
  expect(defineTool({ ...base, cache: { ttlMs: 1 }, execute: () => '' }).idempotent).toBe(true);
  expect(defineTool({ ...base, execute: () => '' }).idempotent).toBe(false);
});

describe('strict', () => {
  test.each<[name: string, input: z.ZodType, message: RegExp]>([
    ['an optional property', z.strictObject({ a: z.string().optional() }), /act is strict, so "a" must be required/],
    ['an open object', z.object({ a: z.string() }), /z\.strictObject/],
    ['an open object in an array', z.strictObject({ list: z.array(z.object({ a: z.string() })) }), /z\.strictObject/],
    ['an optional property in a union', z.strictObject({ u: z.union([z.string(), z.strictObject({ a: z.string().optional() })]) }), /"a"/],
  ])('refuses %s, which providers refuse too', (_name, input, message) => {
    expect(tool({ strict: true }, input)).toThrow(message);
  });

  test('takes closed objects whose properties are all required', () => {
    const input = z.strictObject({ a: z.string().nullable(), list: z.array(z.strictObject({ b: z.number() })) });
    expect(defineTool({ ...base, input, strict: true, execute: () => '' })).toMatchObject({
      strict: true,
      inputSchema: { additionalProperties: false, required: ['a', 'list'] },
    });
    expect(tool({}, z.object({ a: z.string().optional() }))).not.toThrow();
  });
});
