import { VerbatimError } from '../../protocol/verbatimError.ts';

const MIN_LENGTH = 12;

/** Throws `BAD_INPUT` for a new password that is too easy to guess; `path` is where it was given. */
export function assertGoodPassword(password: string, name: string, path: 'password' | 'newPassword' = 'password'): void {
  if ([...password].length < MIN_LENGTH) throw weak(`A password must have at least ${MIN_LENGTH} characters.`, path);
  if (password.normalize('NFKC').trim().toLowerCase() === name.toLowerCase())
    throw weak('A password must not be the name of its user.', path);
}

function weak(message: string, path: string): VerbatimError {
  return new VerbatimError('BAD_INPUT', message, { details: { issues: [{ path, message }] } });
}
