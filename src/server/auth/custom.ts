import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Authenticate } from '../serverOptions.ts';
import type { AuthMethod } from './authMethod.ts';

/** Callers as a function of yours tells them: asked once for each socket and each request. `authenticate: fn` is short for it. */
export function custom(authenticate: Authenticate): AuthMethod {
  if (typeof authenticate !== 'function') throw new VerbatimError('CONFIG_INVALID', 'custom() takes a function that says who is calling.');
  return {
    name: 'custom',
    open: () => ({
      async identify({ token, request }) {
        const principal = await authenticate({ token, request });
        return principal === undefined ? undefined : { principal, method: 'custom' };
      },
    }),
  };
}
