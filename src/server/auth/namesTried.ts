import { ownerOf, type Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { FailedLogins } from '../limits/failedLogins.ts';

/** Bounds how often a principal may name somebody who is not there: as often as a password may be guessed, so that nobody reads out who there is. */
export class NamesTried {
  readonly #failed: Pick<FailedLogins, 'assertMayTry' | 'tried'>;

  constructor(failed: Pick<FailedLogins, 'assertMayTry' | 'tried'>) {
    this.#failed = failed;
  }

  /** What `perform` answers. Throws `RATE_LIMITED`, also in place of the answer that there is nobody. */
  async by<T>(principal: Principal, perform: () => Promise<T>): Promise<T> {
    const who = ownerOf(principal);
    await this.#failed.assertMayTry(who);
    try {
      return await perform();
    } catch (cause) {
      if (isOfNobody(cause)) await this.#failed.tried(who);
      throw cause;
    }
  }
}

function isOfNobody(cause: unknown): boolean {
  if (!(cause instanceof VerbatimError)) return false;
  const { details } = cause;
  return typeof details === 'object' && details !== null && 'unknown' in details;
}
