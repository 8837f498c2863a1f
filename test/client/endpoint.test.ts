import { expect, test } from 'vitest';
import { parseEndpoint } from '../../src/client/endpoint.ts';

test.each([
  ['ws://localhost:3000', 'ws://localhost:3000/trpc', 'http://localhost:3000/trpc'],
  ['https://a.example/', 'wss://a.example/trpc', 'https://a.example/trpc'],
  ['HTTP://[::1]:3000/agents/trpc/', 'ws://[::1]:3000/agents/trpc', 'http://[::1]:3000/agents/trpc'],
])('%s', (url, ws, http) => {
  expect(parseEndpoint(url)).toEqual({ ws, http });
});

test.each(['localhost:3000', 'ftp://a', 'ws://', 'ws://user:pass@a', 'ws://a/?token=x', 'ws://a#b', ''])('refuses %j', (url) => {
  expect(() => parseEndpoint(url)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});
