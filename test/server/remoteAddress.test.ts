import type { IncomingMessage } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { countedAddress, forwardedAddress } from '../../src/server/remoteAddress.ts';
import { silentLogger } from '../../src/server/serverOptions.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

const request = (forwarded: string | undefined, socket = '10.0.0.1') =>
  ({ socket: { remoteAddress: socket }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as IncomingMessage;

describe('where a request comes from', () => {
  test.each<[name: string, hops: number, forwarded: string | undefined, address: string]>([
    ['without a proxy it is the socket, whatever is said', 0, '198.51.100.7', '10.0.0.1'],
    ['behind one, whom that was asked by', 1, '198.51.100.7', '198.51.100.7'],
    ['what the caller wrote itself is not believed', 1, '127.0.0.1, 6.6.6.6, 198.51.100.7', '198.51.100.7'],
    ['behind two, whom the farther one was asked by', 2, '6.6.6.6, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['past one of two, whom the nearer one was asked by', 2, '198.51.100.7', '198.51.100.7'],
    ['past all of them it is the socket', 2, undefined, '10.0.0.1'],
    ['an empty header says nothing', 1, '', '10.0.0.1'],
    ['what is no address says nothing', 1, 'unknown', '10.0.0.1'],
    ['what is no address ends the list', 2, '6.6.6.6, _hidden, 10.0.0.2', '10.0.0.2'],
    ['a number is no address', 1, '2130706433', '10.0.0.1'],
    ['a port is left out', 1, '198.51.100.7:4711', '198.51.100.7'],
    ['brackets and a port are left out', 1, '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv4 in IPv6 is IPv4', 1, '::ffff:198.51.100.7', '198.51.100.7'],
    ['one address has one form', 1, '2001:0DB8:0:0::0007', '2001:db8::7'],
  ])('%s', (_name, hops, forwarded, address) => {
    expect(forwardedAddress(request(forwarded), hops)).toBe(address);
  });

  test('a socket on both kinds of IP gives IPv4 as it is', () => {
    expect(forwardedAddress(request(undefined, '::ffff:192.0.2.1'), 0)).toBe('192.0.2.1');
  });
});

test('that a proxy is not believed is said once', async () => {
  const warn = vi.fn();
  const logger = { ...silentLogger, warn };
  const { url } = await startServer({ authenticate: byToken, logger });
  const ask = (headers: Record<string, string>) => fetch(`${url}/health`, { headers });
  await ask({});
  expect(warn).not.toHaveBeenCalled();
  for (let count = 0; count < 3; count++) await ask({ 'x-forwarded-for': '198.51.100.7' });
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith({ module: 'server' }, expect.stringContaining('trustedProxies'));
});

test('addresses of IPv6 count by their /64, and those of IPv4 each', () => {
  expect(countedAddress('2001:db8:1:2:3:4:5:6')).toBe(countedAddress('2001:db8:1:2::'));
  expect(countedAddress('2001:db8:1:2::')).not.toBe(countedAddress('2001:db8:1:3::'));
  expect(countedAddress('192.0.2.1')).not.toBe(countedAddress('192.0.2.2'));
});
