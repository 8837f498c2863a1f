import { hashToken } from '../../db/loginTokens.ts';
import { type LoginTimes, ownerOfUser } from '../../db/operations/logIn.ts';
import { userName } from '../../db/userName.ts';
import type { LoginTokens } from '../../protocol/accounts.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthHost } from './authMethod.ts';
import type { PasswordHasher } from './passwordHasher.ts';
import { assertGoodPassword } from './passwordRules.ts';

export interface LoginOptions {
  readonly times: LoginTimes;
  /** How long an answer that may have been lost is given again. */
  readonly graceMs: number;
}

/** What users do with their passwords. `address` is where the caller is. */
export class Logins {
  readonly #host: AuthHost;
  readonly #hasher: PasswordHasher;
  readonly #options: LoginOptions;

  constructor(host: AuthHost, hasher: PasswordHasher, options: LoginOptions) {
    this.#host = host;
    this.#hasher = hasher;
    this.#options = options;
  }

  /**
   * Throws `LOGIN_FAILED`, in the same words and after the same work whether there is no such user, or another password, or the user is
   * disabled or has none.
   */
  async logIn({ name, password }: { readonly name: string; readonly password: string }, address: string): Promise<LoginTokens> {
    const { accounts, audit } = this.#host.store;
    const known = userName(name);
    const wasRight = await this.#host.failedLogins.begin({ name, address });
    const user = known === undefined ? undefined : accounts.userByName(known);
    const fits = await this.#hasher.verify(user?.disabledAt === null ? user.passwordHash : undefined, password);
    const { times } = this.#options;
    const { maxLoginsPerUser: maxLogins } = this.#host.limits;
    const begun = fits && user !== undefined ? await accounts.logIn({ user, times, maxLogins, origin: address }) : undefined;
    if (begun !== undefined && user !== undefined) {
      await wasRight();
      if (begun.endedOthers) this.#host.changed({ owner: ownerOfUser(user) });
      return begun.tokens;
    }
    await audit.record({ actor: undefined, action: 'auth.login', target: user?.id, outcome: 'refused', origin: address });
    throw new VerbatimError('LOGIN_FAILED', 'The name or the password is wrong.');
  }

  /** Throws `LOGIN_FAILED` for a token that is not good. One that was used before ends its login. */
  async refresh(refreshToken: string, address: string): Promise<LoginTokens> {
    const { times, graceMs } = this.#options;
    const { maxUsedTokensPerLogin: maxUsedTokens } = this.#host.limits;
    const answer = await this.#host.store.accounts.refresh({ refreshToken, times, graceMs, maxUsedTokens, origin: address });
    if (!('refused' in answer)) return answer;
    if (answer.endedLogin !== undefined) this.#host.changed({ credentialId: answer.endedLogin });
    throw new VerbatimError('LOGIN_FAILED', 'The refresh token is not good, or not any more. Log in again.');
  }

  /** Ends a login, by its id or by a refresh token of it. One that is not there has ended already. */
  async logOut(ref: { readonly id: string } | { readonly refreshToken: string }, address: string): Promise<void> {
    const ended = await this.#host.store.accounts.endLogin('id' in ref ? ref : { tokenHash: hashToken(ref.refreshToken) }, address);
    if (ended !== undefined) this.#host.changed({ credentialId: ended });
  }

  /** Ends the user's other logins. Throws `LOGIN_FAILED` when `password` is not the present one, `BAD_INPUT` when the new one is too weak. */
  async changePassword(
    loginId: string,
    { password, newPassword }: { readonly password: string; readonly newPassword: string },
    address: string,
  ): Promise<void> {
    const { accounts, audit } = this.#host.store;
    const user = accounts.userOfLogin(loginId);
    if (user !== undefined) assertGoodPassword(newPassword, user.name, 'newPassword');
    const wasRight = await this.#host.failedLogins.begin({ name: user?.name ?? '', address });
    const oldHash = user?.passwordHash;
    if (await this.#hasher.verify(oldHash, password)) {
      const newHash = await this.#hasher.hash(newPassword);
      if (
        user !== undefined &&
        typeof oldHash === 'string' &&
        (await accounts.changePassword({ loginId, oldHash, newHash, origin: address }))
      ) {
        await wasRight();
        return this.#host.changed({ owner: ownerOfUser(user) });
      }
    }
    const actor = user === undefined ? undefined : ownerOfUser(user);
    await audit.record({ actor, action: 'auth.changePassword', target: user?.id, outcome: 'refused', origin: address });
    throw new VerbatimError('LOGIN_FAILED', 'The present password is another.');
  }

  /** What is stored of a password. Throws `BAD_INPUT` for one that is too weak. */
  hashNew(password: string, name: string): Promise<string> {
    assertGoodPassword(password, name);
    return this.#hasher.hash(password);
  }
}
