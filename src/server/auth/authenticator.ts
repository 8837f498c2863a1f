import type { IncomingMessage } from 'node:http';
import { LOCAL_PRINCIPAL } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthHost, AuthMethod, Credentials, Identity, OpenAuthMethod } from './authMethod.ts';
import type { LoginCookie } from './cookie.ts';
import { credentialsOf } from './credentials.ts';
import { Tickets } from './tickets.ts';

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARACTERS = 8 * 1024;
const LOCAL: Identity = { principal: LOCAL_PRINCIPAL, method: 'local' };

/** Says who is calling, by the first of its methods that knows. */
export class Authenticator {
  readonly tickets: Tickets;
  /** Undefined when cookies are not taken. */
  readonly cookie: LoginCookie | undefined;
  readonly #methods: readonly { readonly name: string; readonly open: OpenAuthMethod }[] | undefined;
  readonly #host: AuthHost;

  /** Without methods everybody is the local principal. */
  constructor(methods: readonly AuthMethod[] | undefined, host: AuthHost, cookie?: LoginCookie) {
    this.#methods = methods?.map((method) => ({ name: method.name, open: method.open(host) }));
    this.#host = host;
    this.tickets = new Tickets(host);
    this.cookie = cookie;
  }

  /** There is no authentication. */
  get isOpen(): boolean {
    return this.#methods === undefined;
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
    const now = this.#host.clock.now();
    if (via === 'ticket') {
      const identity = this.tickets.take(token ?? '');
      if (identity === undefined) throw unauthenticated();
      return checked(identity, now);
    }
    let failure: unknown;
    for (const { name, open } of this.#methods) {
      try {
        const identity = await open.identify(credentials);
        if (identity !== undefined) return checked(identity, now);
      } catch (cause) {
        failure = cause;
        if (!isRefusal(cause)) this.#host.logger.warn({ err: cause, method: name }, 'a method of authentication failed');
      }
    }
    // A method that cannot tell now: the token may well be good.
    throw failure instanceof VerbatimError && failure.retryable ? failure : unauthenticated(failure);
  }

  async close(): Promise<void> {
    for (const { open } of this.#methods ?? []) await open.close?.();
  }
}

function checked(identity: Identity, now: number): Identity {
  const { id, expiresAt } = identity.principal;
  if (typeof id !== 'string' || id === '') throw unauthenticated();
  // Whatever is no time to come has passed.
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && expiresAt > now)) throw unauthenticated();
  return identity;
}

function isRefusal(cause: unknown): boolean {
  return cause instanceof VerbatimError && cause.code === 'UNAUTHENTICATED';
}

export function unauthenticated(cause?: unknown): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', 'The token is missing or not valid.', { cause });
}
