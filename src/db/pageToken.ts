import { VerbatimError } from '../protocol/verbatimError.ts';

/** Where a page ended, as text that callers give back and do not read. */
export function encodePageToken(values: readonly number[]): string {
  return Buffer.from(values.join(',')).toString('base64url');
}

/** As `encodePageToken`, for a list that is sorted by text. */
export function encodeTextToken(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The text of a token. Refuses what no page gave out. */
export function decodeTextToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (encodeTextToken(text) !== token) throw notGivenOut();
  return text;
}

/** The numbers of a token, as many as expected. Refuses what no page gave out. */
export function decodePageToken(token: string, count: number): number[] {
  const values = Buffer.from(token, 'base64url').toString().split(',').map(Number);
  if (values.length !== count || !values.every(Number.isSafeInteger) || encodePageToken(values) !== token) {
    throw notGivenOut();
  }
  return values;
}

function notGivenOut(): VerbatimError {
  return new VerbatimError('BAD_INPUT', 'pageToken is not one that a page gave out.', { details: { issues: [{ path: 'pageToken' }] } });
}
