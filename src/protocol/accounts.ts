import type { Json, JsonObject } from './json.ts';

/** A key by which a program is known, without the key itself: that was shown once. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  /** Its beginning, by which people know it. */
  readonly prefix: string;
  /** The principal it acts for. A user's key has no roles that the user has not, and none while the user is disabled. */
  readonly principalId: string;
  readonly roles: readonly string[];
  readonly tier?: string;
  readonly scopes?: readonly string[];
  readonly tenant?: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
  /** To the minute. A connection counts when it begins. */
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
}

/** What `admin.keys.create` answers. */
export interface CreatedKey extends KeyInfo {
  /** The key: nobody can see it again. Absent when the command is repeated by its idempotency key. */
  readonly key?: string;
}

/** Somebody who can log in, and whom keys belong to. */
export interface UserInfo {
  /** The principal's. */
  readonly id: string;
  /** What is typed at a login, in lower case. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly tier?: string;
  readonly tenant?: string;
  /** Without one there is no logging in, by keys alone. */
  readonly hasPassword: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly disabledAt?: number;
}

/** A socket, a stream, an upload or a download that is open. */
export interface ConnectionInfo {
  readonly id: string;
  readonly principalId: string;
  readonly roles: readonly string[];
  readonly tenant?: string;
  /** The method of authentication that knows the caller. */
  readonly method: string;
  /** The id of the key or login. */
  readonly credentialId?: string;
  readonly transport: 'ws' | 'http' | 'sse' | 'mcp';
  readonly address: string;
  readonly since: number;
}

/** An agent as administrators see it. */
export interface AgentState {
  readonly name: string;
  readonly disabled?: { readonly by: string; readonly at: number };
}

/** What a login gives. */
export interface LoginTokens {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  /** When the access token ends, by the server's clock. */
  readonly expiresAt: number;
  /** The same from now on, for clocks that differ. */
  readonly expiresInMs: number;
  /** Good once: each `auth.refresh` gives another. */
  readonly refreshToken: string;
  /** When nothing can be renewed any more, and it takes a new login. */
  readonly refreshExpiresAt: number;
}

/** Who did what. */
export interface AuditInfo {
  readonly id: number;
  readonly at: number;
  /** The id of a principal, after `@tenant/` where it has one; `cli` and `server` for those; absent for nobody known. */
  readonly actor?: string;
  /** Such as `users.create`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly target?: string;
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** The address of the caller. */
  readonly origin?: string;
  readonly details?: JsonObject;
}

export interface AuditListInput {
  readonly actor?: string | undefined;
  /** Whole, or its beginning and a `*`. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: 'ok' | 'refused' | 'failed' | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit?: number | undefined;
  readonly pageToken?: string | undefined;
}

/** One option of the server. */
export interface SettingInfo {
  /** As `limits.maxSteps`. */
  readonly name: string;
  /** Secrets are hidden, and what is no data is told by a word; null when nobody has set it and there is no default. */
  readonly value: Json;
  /** Who gave it: a flag, a variable, the config file, `code`, or `default`. */
  readonly source: string;
  /** The variable that sets it; absent where only a file can. */
  readonly variable?: string;
}
