import { expect, test } from 'vitest';
import { parseEndpoint } from '../../src/client/endpoint.ts';

test.each([
  ['ws://localhost:3000', 'ws://localhost:3000/trpc', 'http://localhost:3000/trpc', 'http://localhost:3000/files'],
  ['https://a.example/', 'wss://a.example/trpc', 'https://a.example/trpc', 'https://a.example/files'],
  ['HTTP://[::1]:3000/agents/trpc/', 'ws://[::1]:3000/agents/trpc', 'http://[::1]:3000/agents/trpc', 'http://[::1]:3000/agents/files'],
])('%s', (url, ws, http, files) => {
  expect(parseEndpoint(url)).toEqual({ ws, http, files, address: new URL(url).host });
});

test.each(['localhost:3000', 'ftp://a', 'ws://', 'ws://user:pass@a', 'ws://a/?token=x', 'ws://a#b', ''])('refuses %j', (url) => {
  expect(() => parseEndpoint(url)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});
