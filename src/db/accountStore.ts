import type { AgentState, KeyInfo, LoginTokens, UserInfo } from '../protocol/accounts.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Page } from '../protocol/procedures.ts';
import type { Actor } from './operations/actor.ts';
import type { UserAct } from './operations/changeUser.ts';
import type { Command } from './operations/command.ts';
import type { NewKey } from './operations/createKey.ts';
import type { NewUser } from './operations/createUser.ts';
import type { ChangePasswordInput, LoginRef } from './operations/endLogin.ts';
import type { LoggedIn, LogInInput } from './operations/logIn.ts';
import type { RefreshInput, RefreshRefused } from './operations/refreshLogin.ts';
import type { UserRow } from './users.ts';

/** Whom a key or a token stands for, and the id by which that is asked again. */
export interface KnownCredential {
  readonly id: string;
  readonly principal: Principal;
}

export interface AccountPage {
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

/** Users, their logins, keys, and the agents that are switched off. */
export interface AccountStore {
  /** At once, as all that is asked of callers who are there. Undefined for a key that is not good. */
  keyByHash(hash: string): KnownCredential | undefined;
  keyAgain(id: string): Principal | undefined;
  /** Notes when a key was last used, to the minute. */
  keyUsed(id: string): Promise<void>;
  /** Undefined for an access token that is not good. */
  accessToken(hash: string): KnownCredential | undefined;
  loginAgain(id: string, expiresAt: number): Principal | undefined;
  /** The user of an open login. */
  userOfLogin(loginId: string): UserRow | undefined;
  /** By a name as it is stored. */
  userByName(name: string): UserRow | undefined;

  logIn(input: LogInInput): Promise<LoggedIn | undefined>;
  refresh(input: RefreshInput): Promise<LoginTokens | RefreshRefused>;
  /** The id of the login that has ended. */
  endLogin(ref: LoginRef, origin: string): Promise<string | undefined>;
  changePassword(input: ChangePasswordInput): Promise<boolean>;

  users(by: Actor, page: AccountPage): Promise<Page<UserInfo>>;
  createUser(command: Command, user: NewUser, by: Actor): Promise<UserInfo>;
  changeUser(userId: string, act: UserAct, by: Actor): Promise<UserInfo>;
  /** What it is called; throws `NOT_FOUND`. */
  userName(userId: string, by: Actor): Promise<string>;
  keys(by: Actor, page: AccountPage & { readonly principalId?: string | undefined }): Promise<Page<KeyInfo>>;
  /** `isNew` is false when the command was carried out before: the key that it made then is another. */
  createKey(command: Command, key: NewKey, by: Actor): Promise<{ readonly info: KeyInfo; readonly isNew: boolean }>;
  revokeKey(keyId: string, by: Actor): Promise<KeyInfo>;
  disabledAgents(): Promise<readonly AgentState[]>;
  setAgentEnabled(name: string, enabled: boolean, by: Actor): Promise<void>;
}
