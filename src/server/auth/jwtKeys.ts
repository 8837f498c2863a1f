import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { JwtAlgorithm, JwtOptions } from './jwt.ts';

/** What tokens are checked with. The algorithms are those that fit: a token does not choose. */
export type JwtKeys =
  | { readonly kind: 'local'; readonly key: KeyObject | Uint8Array; readonly algorithms: readonly JwtAlgorithm[] }
  | { readonly kind: 'remote'; readonly url: URL; readonly algorithms: readonly JwtAlgorithm[] };

/** As many bytes as their hash, or the secret is easier to guess than to break. */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const OF_RSA: readonly JwtAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const OF_CURVE: Readonly<Record<string, readonly JwtAlgorithm[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};
/** Two names of the same. */
const OF_ED25519: readonly JwtAlgorithm[] = ['EdDSA', 'Ed25519'];
const ASYMMETRIC: readonly JwtAlgorithm[] = [...OF_RSA, 'ES256', 'ES384', 'ES512', ...OF_ED25519];
/** Of a set of keys that says nothing else. */
const REMOTE_DEFAULTS: readonly JwtAlgorithm[] = ['RS256', 'ES256', ...OF_ED25519];
const MIN_RSA_BITS = 2_048;

/** Throws `CONFIG_INVALID` unless there is one kind of key, and only algorithms that fit it: a public key must never pass for a secret. */
export function jwtKeysOf({ secret, publicKey, jwksUrl, algorithms }: JwtOptions): JwtKeys {
  if ([secret, publicKey, jwksUrl].filter((given) => given !== undefined).length !== 1) {
    throw invalid('Give jwt() one of `secret`, `publicKey` and `jwksUrl`.');
  }
  if (secret !== undefined) return secretKey(secret, algorithms);
  if (jwksUrl !== undefined) {
    return { kind: 'remote', url: remoteUrl(jwksUrl), algorithms: pinned(algorithms, ASYMMETRIC, REMOTE_DEFAULTS) };
  }
  const key = readPublicKey(publicKey);
  const fitting = algorithmsFor(key, publicKey);
  return { kind: 'local', key, algorithms: pinned(algorithms, fitting, fitting.includes('EdDSA') ? fitting : fitting.slice(0, 1)) };
}

function secretKey(secret: unknown, algorithms: unknown): JwtKeys {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) throw invalid('`secret` of jwt() must be text or bytes.');
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (/-----BEGIN |"kty"/.test(Buffer.from(key).toString('latin1')))
    throw invalid('`secret` of jwt() holds a key. Give it as `publicKey`.');
  const chosen = pinned(algorithms, ['HS256', 'HS384', 'HS512'], ['HS256']);
  for (const algorithm of chosen) {
    const bytes = SECRET_BYTES[algorithm] ?? 0;
    if (key.byteLength < bytes)
      throw invalid(`\`secret\` of jwt() must have at least ${bytes} bytes for ${algorithm}. Make one by chance.`);
  }
  return { kind: 'local', key, algorithms: chosen };
}

function readPublicKey(publicKey: unknown): KeyObject {
  const isText = typeof publicKey === 'string';
  if (!isText && (typeof publicKey !== 'object' || publicKey === null)) throw invalid('`publicKey` of jwt() must be PEM text or a JWK.');
  const isPrivate = isText ? publicKey.includes('PRIVATE KEY') : 'd' in publicKey || 'priv' in publicKey || 'k' in publicKey;
  if (isPrivate)
    throw invalid('`publicKey` of jwt() holds a secret or a private key. A server that only checks tokens should not have it.');
  try {
    return createPublicKey(isText ? publicKey : { key: publicKey as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw invalid('`publicKey` of jwt() is no public key in PEM, and no JWK.', cause);
  }
}

function algorithmsFor(key: KeyObject, publicKey: JwtOptions['publicKey']): readonly JwtAlgorithm[] {
  const fitting = algorithmsOf(key);
  const own = typeof publicKey === 'object' ? publicKey.alg : undefined;
  return own === undefined ? fitting : fitting.filter((algorithm) => algorithm === own);
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly JwtAlgorithm[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      if ((asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS)
        throw invalid(`An RSA key of jwt() must have at least ${MIN_RSA_BITS} bits.`);
      return OF_RSA;
    case 'ec':
      return OF_CURVE[asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
    case 'ed25519':
      return OF_ED25519;
    default:
      return [];
  }
}

function pinned(given: unknown, fitting: readonly JwtAlgorithm[], byDefault: readonly JwtAlgorithm[]): readonly JwtAlgorithm[] {
  const chosen = given ?? byDefault;
  const fit: readonly unknown[] = fitting;
  if (!Array.isArray(chosen) || chosen.length === 0 || !chosen.every((algorithm) => fit.includes(algorithm))) {
    const which = fitting.length === 0 ? 'There is none for this key' : `For this key: ${fitting.join(', ')}`;
    throw invalid(`\`algorithms\` of jwt() must list some that fit its key. ${which}.`);
  }
  return chosen;
}

function remoteUrl(given: unknown): URL {
  const text = String(given);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url === undefined || url.username !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) {
    throw invalid('`jwksUrl` of jwt() must be an https URL without a user: whoever can change what it answers can be anybody.');
  }
  return url;
}

export function invalid(message: string, cause?: unknown): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message, { cause });
}
