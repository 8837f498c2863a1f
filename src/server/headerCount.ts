import type { IncomingMessage } from 'node:http';
import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** Whether a request has more headers than one may have: what is beyond `maxHeaders + 1` nobody sees, so such a request is not to be judged. */
export function hasTooManyHeaders({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, { maxHeaders }: Limits): boolean {
  return rawHeaders.length / 2 > maxHeaders;
}

export function tooManyHeaders({ maxHeaders }: Limits): VerbatimError {
  return new VerbatimError('BAD_INPUT', `The request has more than ${maxHeaders} headers.`);
}
