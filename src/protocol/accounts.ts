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
