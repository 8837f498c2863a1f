import type { IncomingMessage } from 'node:http';
import { LOCAL_PRINCIPAL, type Principal } from '../../protocol/principal.ts';
import { type Roles, withRoles } from '../../protocol/roles.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthHost, AuthMethod, Credentials, Identity, OpenAuthMethod } from './authMethod.ts';
import { checkPrincipal } from './checkPrincipal.ts';
import type { Guests } from './guests.ts';
import type { Logins } from './logins.ts';

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARACTERS = 8 * 1024;
const LOCAL: Identity = { principal: LOCAL_PRINCIPAL, method: 'local' };

/** Says who is calling, by the first of its methods that knows. */
export class Authenticator {
  readonly #methods: readonly OpenAuthMethod[] | undefined;
  readonly #host: AuthHost;
  readonly #guests: Guests;
  readonly #roles: Roles | undefined;

  /** Without methods everybody is the local principal. Guests are known before any method is asked. */
  constructor(
    methods: readonly AuthMethod[] | undefined,
    host: AuthHost,
    also: { readonly guests: Guests; readonly roles: Roles | undefined },
  ) {
    this.#methods = methods?.map((method) => method.open(host));
    this.#host = host;
    this.#guests = also.guests;
    this.#roles = also.roles;
  }

  /** There is no authentication. */
  get isOpen(): boolean {
    return this.#methods === undefined;
  }

  /** Of `password()`, where that is one of the methods. */
  get logins(): Logins | undefined {
    return this.#methods?.find(({ logins }) => logins !== undefined)?.logins;
  }

  /** Who is calling, or throws `UNAUTHENTICATED`. A token in a URL is ignored: URLs end up in logs. */
  async identify(request: IncomingMessage, connectionParams: Readonly<Record<string, unknown>> | null): Promise<Identity> {
    if (this.#methods === undefined) return LOCAL;
    const credentials = credentialsOf(request, connectionParams);
    if (credentials.token !== undefined && credentials.token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated();
    const guest = this.#guests.identify(credentials.token);
    if (guest !== undefined) return guest;
    let failure: unknown;
    for (const method of this.#methods) {
      try {
        const identity = await method.identify(credentials);
        const admitted = identity === undefined ? undefined : this.#admit(identity);
        if (admitted !== undefined) return admitted;
      } catch (cause) {
        failure = cause;
      }
    }
    throw unauthenticated(failure);
  }

  async close(): Promise<void> {
    for (const method of this.#methods ?? []) await method.close?.();
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
      const { expiresAt } = principal;
      return expiresAt !== undefined && expiresAt <= this.#host.clock.now() ? undefined : principal;
    } catch (cause) {
      this.#host.logger.warn({ err: cause, method }, 'a principal was refused');
      return undefined;
    }
  }
}

export function unauthenticated(cause?: unknown): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', 'The token is missing or not valid.', { cause });
}

function credentialsOf(request: IncomingMessage, params: Readonly<Record<string, unknown>> | null): Credentials {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, via: 'bearer', request };
  const token = params?.token;
  if (typeof token === 'string' && token !== '') return { token, via: 'params', request };
  return { token: undefined, via: undefined, request };
}
