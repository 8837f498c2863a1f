import type { IncomingMessage } from 'node:http';
import type { KnownPrincipals } from '../../db/operations/shareThread.ts';
import { LOCAL_PRINCIPAL, type Principal } from '../../protocol/principal.ts';
import { type Roles, withRoles } from '../../protocol/roles.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthMethods } from '../../protocol/whoAmI.ts';
import { redactError } from '../telemetry/redact.ts';
import type { AuthHost, AuthMethod, Credentials, Identity, OpenAuthMethod } from './authMethod.ts';
import { checkPrincipal } from './checkPrincipal.ts';
import type { LoginCookie } from './cookie.ts';
import { credentialsOf } from './credentials.ts';
import type { Guests } from './guests.ts';
import type { Logins } from './logins.ts';
import { NamesTried } from './namesTried.ts';
import { Tickets } from './tickets.ts';

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARACTERS = 8 * 1024;
const LOCAL: Identity = { principal: LOCAL_PRINCIPAL, method: 'local' };

export interface AuthenticatorOptions {
  readonly guests: Guests;
  readonly roles: Roles | undefined;
  /** Undefined when cookies are not taken. */
  readonly cookie: LoginCookie | undefined;
}

/** Says who is calling, by the first of its methods that knows. */
export class Authenticator {
  readonly tickets: Tickets;
  readonly namesTried: NamesTried;
  /** Undefined when cookies are not taken. */
  readonly cookie: LoginCookie | undefined;
  readonly #methods: readonly { readonly name: string; readonly open: OpenAuthMethod }[] | undefined;
  readonly #host: AuthHost;
  readonly #guests: Guests;
  readonly #roles: Roles | undefined;

  /** Without methods everybody is the local principal. Guests are known before any method is asked. */
  constructor(methods: readonly AuthMethod[] | undefined, host: AuthHost, { guests, roles, cookie }: AuthenticatorOptions) {
    this.#methods = methods?.map((method) => ({ name: method.name, open: method.open(host) }));
    this.#host = host;
    this.#guests = guests;
    this.#roles = roles;
    this.tickets = new Tickets(host);
    this.namesTried = new NamesTried(host.failedLogins);
    this.cookie = cookie;
  }

  /** There is no authentication. */
  get isOpen(): boolean {
    return this.#methods === undefined;
  }

  /** Of `password()`, where that is one of the methods. */
  get logins(): Logins | undefined {
    return this.#methods?.find(({ open }) => open.logins !== undefined)?.open.logins;
  }

  /** Which principals the server itself knows: those that log in, and those of keys. */
  get known(): KnownPrincipals {
    if (this.logins === undefined) return 'none';
    return this.#methods?.every(({ name, open }) => open.logins !== undefined || name === 'api-key') ? 'all' : 'some';
  }

  /** How one may become known here. */
  get offered(): AuthMethods {
    const token = this.#methods?.some(({ open }) => open.logins === undefined) ?? false;
    return { open: this.isOpen, password: this.logins !== undefined, token, cookie: !this.isOpen && this.cookie !== undefined };
  }

  credentials(request: IncomingMessage, connectionParams: Readonly<Record<string, unknown>> | null): Credentials {
    return credentialsOf(request, connectionParams, this.cookie?.name);
  }

  /** Who is calling. Throws `UNAUTHENTICATED`, or what a method throws that cannot tell now and wants to be asked again. */
  identify(request: IncomingMessage, connectionParams: Readonly<Record<string, unknown>> | null): Promise<Identity> {
    return this.identifyBy(this.credentials(request, connectionParams));
  }

  async identifyBy(credentials: Credentials): Promise<Identity> {
    if (this.#methods === undefined) return LOCAL;
    const { token, via } = credentials;
    if (token !== undefined && token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated();
    const known = via === 'ticket' ? this.tickets.take(token ?? '') : this.#guests.identify(token);
    if (known !== undefined && !this.#hasExpired(known.principal)) return known;
    if (via === 'ticket') throw unauthenticated();
    let failure: unknown;
    for (const { name, open } of this.#methods) {
      try {
        const identity = await open.identify(credentials);
        const admitted = identity === undefined ? undefined : this.#admit(identity);
        if (admitted !== undefined) return admitted;
      } catch (cause) {
        failure = cause;
        if (!isRefusal(cause)) this.#told(cause, { method: name, token });
      }
    }
    // A method that cannot tell now: the token may well be good.
    throw failure instanceof VerbatimError && failure.retryable ? failure : unauthenticated(failure);
  }

  async close(): Promise<void> {
    for (const { open } of this.#methods ?? []) await open.close?.();
  }

  /** The identity with a principal that can be relied on, and what its roles give, now and whenever it is asked again. */
  #admit(identity: Identity): Identity | undefined {
    const principal = this.#checked(identity.principal, identity.method);
    const { lookAgain } = identity;
    if (principal === undefined || lookAgain === undefined) return principal && { ...identity, principal };
    return {
      ...identity,
      principal,
      lookAgain: () => {
        const now = lookAgain();
        return now && this.#checked(now, identity.method);
      },
    };
  }

  #checked(given: Principal, method: string): Principal | undefined {
    try {
      const principal = withRoles(checkPrincipal(given), this.#roles);
      return this.#hasExpired(principal) ? undefined : principal;
    } catch (cause) {
      this.#host.logger.warn({ err: cause, method }, 'a principal was refused');
      return undefined;
    }
  }

  /** What failed may quote the token that it was given. */
  #told(cause: unknown, { method, token }: { readonly method: string; readonly token: string | undefined }): void {
    // Of every request while it lasts: who cannot be asked is told once, where it was found.
    if (cause instanceof VerbatimError && cause.code === 'AUTH_UNAVAILABLE') {
      return this.#host.logger.debug?.({ method, reason: cause.message }, 'a token could not be checked');
    }
    const err = cause instanceof Error && token !== undefined ? redactError(cause, [token]) : cause;
    this.#host.logger.warn({ err, method }, 'a method of authentication failed');
  }

  #hasExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && expiresAt <= this.#host.clock.now();
  }
}

function isRefusal(cause: unknown): boolean {
  return cause instanceof VerbatimError && cause.code === 'UNAUTHENTICATED';
}

export function unauthenticated(cause?: unknown): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', 'The token is missing or not valid.', { cause });
}
