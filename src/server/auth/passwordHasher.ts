import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as argon2 from '@node-rs/argon2';
import { VerbatimError } from '../../protocol/verbatimError.ts';

export type Argon2 = Pick<typeof argon2, 'hash' | 'verify'>;

/** Argon2id as OWASP asks for it: 19 MiB, two passes, one thread. */
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Checked in the place of what is not there, and as long: it is the hash of no password. */
const NOBODYS_HASH = `$argon2id$v=19$m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},p=${OPTIONS.parallelism}$${unpadded(16)}$${unpadded(32)}`;

export interface PasswordHasherLimits {
  readonly maxPasswordHashes: number;
  readonly maxWaitingPasswords: number;
}

/**
 * Hashes passwords in threads, so many at once: each takes memory, and one of the few threads that files and names of hosts need too. Others wait
 * in line; with too many in line it throws `SERVER_FULL`.
 */
export class PasswordHasher {
  readonly #argon2: Argon2;
  readonly #limits: PasswordHasherLimits;
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  constructor(limits: PasswordHasherLimits, argon2: Argon2 = loadArgon2()) {
    this.#limits = limits;
    this.#argon2 = argon2;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#argon2.hash(typedAs(password), OPTIONS));
  }

  /** Takes as long for no hash as for one. */
  async verify(hash: string | null | undefined, password: string): Promise<boolean> {
    const fits = await this.#inTurn(() => this.#argon2.verify(hash ?? NOBODYS_HASH, typedAs(password)));
    return fits && typeof hash === 'string';
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { maxPasswordHashes, maxWaitingPasswords } = this.#limits;
    if (this.#atWork < maxPasswordHashes) this.#atWork++;
    else {
      if (this.#waiting.length >= maxWaitingPasswords) {
        throw new VerbatimError('SERVER_FULL', 'Too many logins are waiting. Try again in a moment.', {
          details: { limit: 'maxWaitingPasswords', max: maxWaitingPasswords },
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      // Whoever waits takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }
}

/** Keyboards differ in how they write what looks alike. */
function typedAs(password: string): string {
  return password.normalize('NFKC');
}

function unpadded(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '');
}

/** Not an import: a server without passwords needs no binary for them. */
function loadArgon2(): Argon2 {
  try {
    return createRequire(import.meta.url)('@node-rs/argon2') as Argon2;
  } catch (cause) {
    throw new VerbatimError(
      'NATIVE_MODULE_MISSING',
      `The module "@node-rs/argon2" for ${process.platform}-${process.arch} cannot be loaded. Its binary is an optional dependency: install ` +
        'again with optional dependencies ("npm install --include=optional"), or leave password() out of `auth`.',
      { cause },
    );
  }
}
