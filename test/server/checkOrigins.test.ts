import { expect, test } from 'vitest';
import { checkOrigins } from '../../src/server/checkOrigins.ts';
import { createServer } from '../../src/server/createServer.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { pourAgent } from './startServer.ts';

checkLeaksAfterwards();

test.each([
  ['a.example', 'Write https://a.example.'],
  ['https://a.example/', 'Write https://a.example.'],
  ['https://A.example:443', 'Write https://a.example.'],
  ['http://a.example/app', 'Write http://a.example.'],
  ['https://*.a.example', 'each origin by itself'],
  ['*', 'each origin by itself'],
  ['null', 'each origin by itself'],
  ['', 'each origin by itself'],
])('the origin %j is refused, with what to write', (origin, said) => {
  expect(() => checkOrigins({ origins: ['https://b.example', origin] })).toThrow(said);
});

test.each([
  ['https://b.example', 'Write b.example.'],
  ['b.example:3000', 'Write b.example.'],
  ['b.example/path', 'Write b.example.'],
  ['*.b.example', 'each host by itself'],
  ['', 'each host by itself'],
])('the host %j is refused, with what to write', (host, said) => {
  expect(() => checkOrigins({ hosts: [host] })).toThrow(said);
});

test('what browsers send is taken', () => {
  const origins = [
    'https://a.example',
    'http://a.example:8080',
    'http://localhost:5173',
    'capacitor://localhost',
    'http://[::1]:80801'.slice(0, -1),
  ];
  checkOrigins({ origins, hosts: ['a.example', 'API.example', 'box', 'my_box', '10.0.0.1', '[::1]'] });
});

test('a password in an origin is not told', () => {
  expect(() => checkOrigins({ origins: ['https://ann:hunter2@a.example'] })).toThrow(/^(?!.*hunter2)/);
});

test('a server does not start with one', async () => {
  const { agent } = pourAgent();
  await expect(createServer({ agents: { pour: agent }, origins: ['a.example'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(createServer({ agents: { pour: agent }, hosts: ['https://b.example'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
