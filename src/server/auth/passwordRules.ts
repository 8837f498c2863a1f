import { VerbatimError } from '../../protocol/verbatimError.ts';

const MIN_LENGTH = 12;

/** Throws `BAD_INPUT` for a new password that is too easy to guess. */
export function assertGoodPassword(password: string, name: string): void {
  if ([...password].length < MIN_LENGTH) throw weak(`A password must have at least ${MIN_LENGTH} characters.`);
  if (password.normalize('NFKC').trim().toLowerCase() === name.toLowerCase()) throw weak('A password must not be the name of its user.');
}

function weak(message: string): VerbatimError {
  return new VerbatimError('BAD_INPUT', message, { details: { issues: [{ path: 'password', message }] } });
}
