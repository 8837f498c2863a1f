import type {
  AgentState,
  AuditInfo,
  AuditListInput,
  ConnectionInfo,
  CreatedKey,
  KeyInfo,
  LoginTokens,
  SettingInfo,
  UserInfo,
} from './accounts.ts';
import type { MetricSample, MetricsReport } from './metrics.ts';
import type { Keyed, Mutation, Page, Query, Subscription } from './procedures.ts';

type PageInput = { readonly limit?: number; readonly pageToken?: string } | undefined;
type OfUser = { readonly userId: string };

/** Logging in and out, where `password()` is one of the server's methods. Elsewhere each is `NOT_FOUND`. */
export interface LoginProcedures {
  /** Needs no token. Throws `LOGIN_FAILED`. */
  readonly login: Mutation<{ readonly name: string; readonly password: string }, LoginTokens>;
  /** Needs no token but this one, which is good once. Throws `LOGIN_FAILED`. */
  readonly refresh: Mutation<{ readonly refreshToken: string }, LoginTokens>;
  /** Ends the caller's login, or the one that a refresh token is of. */
  readonly logout: Mutation<{ readonly refreshToken?: string } | undefined, Record<string, never>>;
  /** Ends the user's other logins. Throws `LOGIN_FAILED` when `password` is not the present one. */
  readonly changePassword: Mutation<{ readonly password: string; readonly newPassword: string }, Record<string, never>>;
}

/** For administrators; to everybody else each is `NOT_ALLOWED`. All of it is audited. */
export interface AdminProcedures {
  readonly connections: {
    readonly list: Query<PageInput, Page<ConnectionInfo>>;
    /** One, or all of a principal. An SDK does not come back by itself. */
    readonly close: Mutation<
      { readonly connectionId: string } | { readonly principalId: string; readonly tenant?: string },
      { readonly closed: number }
    >;
  };
  readonly agents: {
    readonly list: Query<PageInput, Page<AgentState>>;
    readonly enable: Mutation<{ readonly agent: string }, AgentState>;
    /** Sends to it are `AGENT_DISABLED`, and so are its runs that wait, when their turn comes. Those at work go on to their end. */
    readonly disable: Mutation<{ readonly agent: string }, AgentState>;
  };
  readonly users: {
    /** Oldest first. */
    readonly list: Query<PageInput, Page<UserInfo>>;
    readonly create: Mutation<
      Keyed & {
        readonly name: string;
        readonly id?: string;
        /** Absent: one that uses keys alone. */
        readonly password?: string;
        /** Default: `user`. */
        readonly roles?: readonly string[];
        readonly tier?: string;
        readonly tenant?: string;
      },
      UserInfo
    >;
    /** Its logins end, and its keys are good for nothing. */
    readonly disable: Mutation<OfUser, UserInfo>;
    readonly enable: Mutation<OfUser, UserInfo>;
    readonly setRoles: Mutation<OfUser & { readonly roles: readonly string[] }, UserInfo>;
    readonly setTier: Mutation<OfUser & { readonly tier: string | null }, UserInfo>;
    /** Its logins end. */
    readonly setPassword: Mutation<OfUser & { readonly password: string }, UserInfo>;
    /** Its logins end. */
    readonly logOut: Mutation<OfUser, UserInfo>;
  };
  readonly keys: {
    /** Oldest first, revoked ones too. */
    readonly list: Query<(PageInput & { readonly principalId?: string }) | undefined, Page<KeyInfo>>;
    readonly create: Mutation<
      Keyed & {
        readonly name: string;
        /** Default: the key's own id, a principal that is nobody else. */
        readonly principalId?: string;
        /** Default: those of its user but `admin`, or `user`. */
        readonly roles?: readonly string[];
        readonly tier?: string;
        readonly scopes?: readonly string[];
        readonly tenant?: string;
        readonly expiresAt?: number;
      },
      CreatedKey
    >;
    readonly revoke: Mutation<{ readonly keyId: string }, KeyInfo>;
  };
  readonly audit: {
    /** Newest first. A page may have fewer than its `limit`, or none, and others after it: it looks at so many entries and no more. */
    readonly list: Query<AuditListInput | undefined, Page<AuditInfo>>;
  };
  /** Every option there is with what holds, in the order of the documentation. Not for administrators of a tenant. */
  readonly settings: Query<void, readonly SettingInfo[]>;
  /** How the server does; with `after`, of the range what is newer: whoever has the rest asks for no more. Not for administrators of a tenant. */
  readonly metrics: Query<{ readonly range?: 'hour' | 'day'; readonly after?: number } | undefined, MetricsReport>;
  /** The same at once and every second. It is kept nowhere: `lastEventId` means nothing. */
  readonly watchMetrics: Subscription<{ readonly lastEventId?: string | number } | undefined, MetricSample>;
}
