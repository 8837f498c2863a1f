import type { IncomingMessage } from 'node:http';
import type { Store } from '../../db/sqliteStore.ts';
import type { Clock } from '../../protocol/clock.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { FailedLogins } from '../limits/failedLogins.ts';
import type { Logger } from '../serverOptions.ts';
import type { Whose } from './callers.ts';
import type { Logins } from './logins.ts';

/** What came with a connection or a request. */
export interface Credentials {
  /** Undefined where there is none. */
  readonly token: string | undefined;
  /** How it came: by the `Authorization` header, `X-API-Key`, `connectionParams`, the cookie or a ticket. */
  readonly via: 'bearer' | 'api-key' | 'params' | 'cookie' | 'ticket' | undefined;
  readonly request: IncomingMessage;
}

/** Who a token stands for. */
export interface Identity {
  readonly principal: Principal;
  /** The method that says so. */
  readonly method: string;
  /** The id of the key or login behind the token. */
  readonly credentialId?: string;
  /** Who it stands for now: asked whenever something may have changed. Undefined when it is no longer good. Absent: it never changes. */
  readonly lookAgain?: () => Principal | undefined;
}

/** @internal What a method works with. */
export interface AuthHost {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
  /** To be called when something changed what somebody may: whoever of them is there is looked at again. */
  readonly changed: (whose: Whose) => void;
  /** To be asked before a password is looked at. */
  readonly failedLogins: FailedLogins;
}

/** One way of telling who is calling, such as `apiKeys()`. Those of a server are tried in order. */
export interface AuthMethod {
  readonly name: string;
  /** @internal The ids of its principals are what somebody else says: another method of the kind may say the same of somebody else. */
  readonly takesIdsOfOthers?: boolean;
  /** @internal */
  open(host: AuthHost): OpenAuthMethod;
}

/** @internal */
export interface OpenAuthMethod {
  /** Undefined when the token is not one of its own, or not good: the next method is asked. What it throws counts as that, and is logged. */
  identify(credentials: Credentials): Identity | undefined | Promise<Identity | undefined>;
  /** Of the one method that knows users by passwords. */
  readonly logins?: Logins;
  close?(): void | Promise<void>;
}
