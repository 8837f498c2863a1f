import { hashToken } from '../../db/loginTokens.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { readApiKey } from './apiKeyText.ts';
import type { AuthMethod } from './authMethod.ts';

/**
 * Programs, by keys such as `vbk_1aB2cD3e_...` that `verbatim keys create` or `admin.keys.create` made. A key is looked for by its hash, so that
 * how long it takes says nothing of it. One that is revoked, or whose user is disabled, ends what is open under it within a second.
 */
export function apiKeys(): AuthMethod {
  return {
    name: 'api-key',
    open({ store: { accounts }, logger }) {
      return {
        identify({ token }) {
          if (token === undefined) return undefined;
          const kind = readApiKey(token);
          if (kind === 'other') return undefined;
          if (kind === 'typo')
            throw new VerbatimError('UNAUTHENTICATED', 'This API key was not copied as it is: its checksum does not fit.');
          const known = accounts.keyByHash(hashToken(token));
          if (known === undefined) return undefined;
          accounts.keyUsed(known.id).catch((cause) => logger.warn({ err: cause, keyId: known.id }, 'the use of a key was not noted'));
          return {
            principal: known.principal,
            method: 'api-key',
            credentialId: known.id,
            lookAgain: () => accounts.keyAgain(known.id),
          };
        },
      };
    },
  };
}
