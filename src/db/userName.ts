import { VerbatimError } from '../protocol/verbatimError.ts';

const MAX_NAME_LENGTH = 200;

/** A name as it is stored and looked for: two that look alike are one. Undefined for what can be no name. */
export function userName(given: string): string | undefined {
  const name = given.normalize('NFKC').trim().toLowerCase();
  return name === '' || name.length > MAX_NAME_LENGTH || /\p{C}/u.test(name) ? undefined : name;
}

/** The same of a user to be. Throws `BAD_INPUT`. */
export function newUserName(given: string): string {
  const name = userName(given);
  if (name !== undefined) return name;
  throw new VerbatimError('BAD_INPUT', `A user's name has 1 to ${MAX_NAME_LENGTH} characters, all of which can be seen.`, {
    details: { issues: [{ path: 'name', message: 'is not valid' }] },
  });
}
