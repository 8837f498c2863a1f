import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { newId } from '../../db/ids.ts';
import { hashToken } from '../../db/loginTokens.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX_LENGTH = 8;
/** 190 bits. */
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
/** `vbk_`, what people know it by, the secret, and a checksum of all before it: what a scanner for secrets looks for. */
const API_KEY = /^vbk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/;

export interface ApiKeyText {
  readonly id: string;
  readonly text: string;
  /** Its beginning, which is no secret. */
  readonly prefix: string;
  readonly hash: string;
}

export function newApiKey(): ApiKeyText {
  const prefix = `vbk_${randomText(PREFIX_LENGTH)}`;
  const body = `${prefix}_${randomText(SECRET_LENGTH)}`;
  const text = body + checksumOf(body);
  return { id: newId('key'), text, prefix, hash: hashToken(text) };
}

/** Whether a text is a key, a key with a mistake in it, or nothing of the kind. No lookup is needed for that. */
export function readApiKey(text: string): 'key' | 'typo' | 'other' {
  if (!text.startsWith('vbk_')) return 'other';
  return API_KEY.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH) ? 'key' : 'typo';
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) text += ALPHABET.charAt(randomInt(ALPHABET.length));
  return text;
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
