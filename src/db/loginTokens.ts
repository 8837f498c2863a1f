import { createHash, createHmac, randomBytes } from 'node:crypto';

/** As secret scanners can find them. */
export const ACCESS_PREFIX = 'vba_';
export const REFRESH_PREFIX = 'vbr_';

const SECRET_BYTES = 32;

export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
}

/** How a token is stored: its text is random, so no slower hash would help. */
export function hashToken(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function newTokens(): TokenPair {
  return { access: ACCESS_PREFIX + newSecret(), refresh: REFRESH_PREFIX + newSecret() };
}

/**
 * The tokens that follow a refresh token: always the same ones, so that an answer that was lost can be given again without being kept. It takes
 * the text, which only its owner has, and the seed, which only the database has.
 */
export function tokensAfter(refreshToken: string, seed: string): TokenPair {
  const derive = (purpose: string): string => createHmac('sha256', refreshToken).update(`${purpose}\n${seed}`).digest('base64url');
  return { access: ACCESS_PREFIX + derive('access'), refresh: REFRESH_PREFIX + derive('refresh') };
}
