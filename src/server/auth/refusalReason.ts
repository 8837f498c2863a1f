import { errors } from 'jose';

const CLAIMS: Readonly<Record<string, string>> = { iss: 'issuer', aud: 'audience', nbf: 'not yet valid' };

/** Why a token was refused, for the operator: in words that quote nothing of it. */
export function refusalReason(cause: errors.JOSEError): string {
  if (cause instanceof errors.JWTExpired) return 'expired';
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return cause.reason === 'missing' ? `no ${known(cause.claim)} claim` : (CLAIMS[cause.claim] ?? `claim ${known(cause.claim)}`);
  }
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'bad signature';
  if (cause instanceof errors.JWKSNoMatchingKey) return 'unknown kid';
  if (cause instanceof errors.JWKSMultipleMatchingKeys) return 'no kid, and several keys fit';
  if (cause instanceof errors.JOSEAlgNotAllowed || cause instanceof errors.JOSENotSupported) return 'algorithm';
  return 'malformed';
}

const known = (claim: string): string => (['iss', 'aud', 'exp', 'nbf', 'iat', 'sub'].includes(claim) ? claim : 'other');
