import type { JsonWebKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Principal } from '../../protocol/principal.ts';
import { nearestName } from '../nearestName.ts';
import { remoteAddress } from '../remoteAddress.ts';
import { requestIdOf } from '../telemetry/callOrigin.ts';
import type { AuthMethod, Identity } from './authMethod.ts';
import { invalid, jwtKeysOf } from './jwtKeys.ts';
import { principalOfClaims } from './principalOfClaims.ts';
import { refusalReason } from './refusalReason.ts';
import { openRemoteKeys } from './remoteKeys.ts';

export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

/** What a token says. Any claim may be there, with any value. */
export type JwtClaims = Readonly<Record<string, unknown>>;

export interface JwtOptions {
  /** Shared with whoever signs: as text its UTF-8 bytes, at least 32 of them for `HS256`. Or `publicKey`, or `jwksUrl`. */
  readonly secret?: string | Uint8Array;
  /** PEM (SPKI, PKCS#1 or a certificate), or a JWK. */
  readonly publicKey?: string | (JsonWebKey & { readonly alg?: string });
  /**
   * Where the issuer publishes its keys. Fetched when the first token comes, every 10 minutes, and for a key that is not known, at most every 10
   * seconds. While it cannot be fetched, the keys at hand are used for an hour; then callers get `AUTH_UNAVAILABLE`, which they may try again.
   */
  readonly jwksUrl?: string | URL;
  /** `iss` must be this, or one of these. */
  readonly issuer: string | readonly string[];
  /** `aud` must be or hold this, or one of these: tokens for other services are not for this one. */
  readonly audience: string | readonly string[];
  /** Default: what fits the key: `HS256` of a secret, `RS256` of an RSA key, the one of the curve, and `RS256`, `ES256`, `EdDSA` of a `jwksUrl`. */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** How far the issuer's clock may be off, for `exp` and `nbf`; the caller's authority lasts so much longer. Default 0. */
  readonly clockToleranceMs?: number;
  /** The tenant of all whom these tokens name, whatever they say of one: where several issuers may give the same `sub`, it tells them apart. */
  readonly tenant?: string;
  /**
   * Who the claims stand for; undefined for nobody. Default: `sub` is the id, and `roles`, `tier`, `tenant`, `scope` or `scopes` are as they say. Its
   * authority ends with the token's `exp`, or earlier if this says so.
   */
  readonly principal?: (claims: JwtClaims) => Principal | undefined | Promise<Principal | undefined>;
}

const OPTIONS: Readonly<Record<keyof JwtOptions, true>> = {
  secret: true,
  publicKey: true,
  jwksUrl: true,
  issuer: true,
  audience: true,
  algorithms: true,
  clockToleranceMs: true,
  tenant: true,
  principal: true,
};

/** What jose says of a token. Its other errors are of keys, and for the operator. */
const OF_TOKEN: readonly string[] = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTInvalid,
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
].map(({ code }) => code);

/** Callers by JSON Web Tokens that somebody else signs. `exp` is required, by the server's clock. Throws `CONFIG_INVALID` for options that are not safe. */
export function jwt(options: JwtOptions): AuthMethod {
  const { issuer, audience, clockToleranceMs = 0, tenant, principal: principalOf = principalOfClaims } = checked(options);
  const keys = jwtKeysOf(options);
  return {
    name: 'jwt',
    takesIdsOfOthers: tenant === undefined && options.principal === undefined,
    open({ clock, logger }) {
      const { find, close } =
        keys.kind === 'remote' ? openRemoteKeys(keys.url, { clock, logger }) : { find: async () => keys.key, close() {} };
      const verify = async (token: string, request: IncomingMessage): Promise<JWTPayload | undefined> => {
        const wanted = {
          algorithms: [...keys.algorithms],
          issuer: listOf(issuer),
          audience: listOf(audience),
          requiredClaims: ['exp'],
          clockTolerance: clockToleranceMs / 1_000,
          currentDate: new Date(clock.now()),
        };
        try {
          return (await jwtVerify(token, find, wanted)).payload;
        } catch (cause) {
          if (!(cause instanceof errors.JOSEError && OF_TOKEN.includes(cause.code))) throw cause;
          const ids = { address: remoteAddress(request), requestId: requestIdOf(request.headers) };
          logger.debug?.({ method: 'jwt', reason: refusalReason(cause), ...ids }, 'a token was refused');
          return undefined;
        }
      };
      return {
        async identify({ token, request }): Promise<Identity | undefined> {
          // Others' tokens have no two dots.
          if (token === undefined || token.split('.', 4).length !== 3) return undefined;
          const claims = await verify(token, request);
          if (claims?.exp === undefined) return undefined;
          const principal = await principalOf(claims);
          if (principal === undefined) return undefined;
          const endsAt = claims.exp * 1_000 + clockToleranceMs;
          const expiresAt = principal.expiresAt === undefined ? endsAt : Math.min(principal.expiresAt, endsAt);
          return {
            principal: { ...principal, ...(tenant !== undefined && { tenant }), expiresAt },
            method: 'jwt',
            ...(typeof claims.jti === 'string' && { credentialId: claims.jti }),
          };
        },
        close,
      };
    },
  };
}

function checked(options: JwtOptions): JwtOptions {
  if (typeof options !== 'object' || options === null)
    throw invalid('jwt() takes options: { secret | publicKey | jwksUrl, issuer, audience }.');
  const names = Object.keys(OPTIONS);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, name)) continue;
    const nearest = nearestName(name, names);
    throw invalid(
      `jwt() has no option "${name}". ${nearest === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${nearest}"?`}`,
    );
  }
  if (options.tenant !== undefined && (typeof options.tenant !== 'string' || options.tenant === ''))
    throw invalid('`tenant` of jwt() must be text, or left out.');
  for (const name of ['issuer', 'audience'] as const) {
    const given: unknown = options[name];
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (list.length > 0 && list.every((value) => typeof value === 'string' && value !== '')) continue;
    throw invalid(`\`${name}\` of jwt() must be text, or a list of texts: without it, tokens that were made for others would be taken.`);
  }
  const { clockToleranceMs, principal } = options;
  if (clockToleranceMs !== undefined && !(Number.isFinite(clockToleranceMs) && clockToleranceMs >= 0)) {
    throw invalid('`clockToleranceMs` of jwt() must be a number of 0 or more.');
  }
  if (principal !== undefined && typeof principal !== 'function') throw invalid('`principal` of jwt() must be a function of the claims.');
  return options;
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}
