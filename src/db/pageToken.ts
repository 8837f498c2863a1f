import { VerbatimError } from '../protocol/verbatimError.ts';

/** Where a page ended, as text that callers give back and do not read. */
export function encodePageToken(values: readonly number[]): string {
  return Buffer.from(values.join(',')).toString('base64url');
}

/** The numbers of a token, as many as expected. Refuses what no page gave out. */
export function decodePageToken(token: string, count: number): number[] {
  const values = Buffer.from(token, 'base64url').toString().split(',').map(Number);
  if (values.length !== count || !values.every(Number.isSafeInteger) || encodePageToken(values) !== token) {
    throw new VerbatimError('BAD_INPUT', 'pageToken is not one that a page gave out.', { details: { issues: [{ path: 'pageToken' }] } });
  }
  return values;
}
