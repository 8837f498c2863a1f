import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

export const SECRET = 'correct horse battery staple, twice';
export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'verbatim';

/** Of every kind that tests need, made once. */
export const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const OTHER_RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const pemOf = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'spki' }));

export interface TokenOptions {
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Readonly<Record<string, unknown>>;
  /** In the place of the usual ones, or beside them; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A token of `ann` that is good for an hour from `nowMs`, unless it is told otherwise. */
export function tokenAt(
  nowMs: number,
  { key = new TextEncoder().encode(SECRET), header = {}, claims = {} }: TokenOptions = {},
): Promise<string> {
  const usual = { sub: 'ann', iss: ISSUER, aud: AUDIENCE, exp: Math.floor(nowMs / 1_000) + 3_600 };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: 'HS256', ...header }).sign(key);
}

/** A token of any parts, properly signed with the secret: of what no library would sign. */
export function handSigned(header: object, claims: object): string {
  const [head, body] = forged(header, claims).split('.');
  return `${head}.${body}.${createHmac('sha256', SECRET).update(`${head}.${body}`).digest('base64url')}`;
}

/** A token of any parts, with a signature that is none. */
export function forged(header: object, claims: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}
