import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 60 * 60_000, d: 24 * 60 * 60_000 };

/** A date such as `2027-01-31`, or a time from now such as `90d`, `12h` or `30m`: as epoch milliseconds. */
export function parseExpiry(text: string, now = Date.now()): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const at = unit === '' ? Date.parse(/^\d{4}-\d{2}-\d{2}/.test(text) ? text : '') : now + Number(count) * (UNITS[unit] ?? 0);
  if (Number.isNaN(at)) throw new InvalidArgumentError('Give a date such as 2027-01-31, or a time such as 90d, 12h or 30m.');
  return at;
}
