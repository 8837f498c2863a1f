import type { IncomingMessage } from 'node:http';
import { LOCAL_PRINCIPAL } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthHost, AuthMethod, Credentials, Identity, OpenAuthMethod } from './authMethod.ts';
import type { Logins } from './logins.ts';

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARACTERS = 8 * 1024;
const LOCAL: Identity = { principal: LOCAL_PRINCIPAL, method: 'local' };

/** Says who is calling, by the first of its methods that knows. */
export class Authenticator {
  readonly #methods: readonly OpenAuthMethod[] | undefined;
  readonly #host: AuthHost;

  /** Without methods everybody is the local principal. */
  constructor(methods: readonly AuthMethod[] | undefined, host: AuthHost) {
    this.#methods = methods?.map((method) => method.open(host));
    this.#host = host;
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
    let failure: unknown;
    for (const method of this.#methods) {
      try {
        const identity = await method.identify(credentials);
        if (identity !== undefined) return checked(identity, this.#host.clock.now());
      } catch (cause) {
        failure = cause;
      }
    }
    throw unauthenticated(failure);
  }

  async close(): Promise<void> {
    for (const method of this.#methods ?? []) await method.close?.();
  }
}

function checked(identity: Identity, now: number): Identity {
  const { id, expiresAt } = identity.principal;
  if (typeof id !== 'string' || id === '' || (typeof expiresAt === 'number' && expiresAt <= now)) throw unauthenticated();
  return identity;
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
