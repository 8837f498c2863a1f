import { fastifyCookie } from '@fastify/cookie';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { nearestName } from '../nearestName.ts';

/** How browsers keep the token. It is always `Secure` and `HttpOnly`: no script reads it, and it travels over HTTPS (or to localhost) alone. */
export interface CookieOptions {
  /** Default `__Host-verbatim`: no other host can set it. With a `domain` it is `__Secure-verbatim`. */
  readonly name?: string;
  /** Default `strict`. With `none`, pages of other sites can use it too, if `origins` lists them. */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** For hosts below a common domain. Default: the server's own host. */
  readonly domain?: string;
}

/** A cookie as it is set, but for its value. */
export interface LoginCookie {
  readonly name: string;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
}

/** The part of a Fastify reply that it takes. */
interface Reply {
  header(name: string, value: string): unknown;
}

const OPTIONS: readonly string[] = ['name', 'sameSite', 'domain'] satisfies (keyof CookieOptions)[];
/** Browsers drop larger ones without a word. */
const MAX_COOKIE_BYTES = 4_096;

/** Throws `CONFIG_INVALID`. Undefined when cookies are not taken. */
export function loginCookieOf(option: boolean | CookieOptions | undefined): LoginCookie | undefined {
  if (option === undefined || option === false) return undefined;
  if (option !== true && (typeof option !== 'object' || option === null))
    throw invalid('`cookie` must be true or { name, sameSite, domain }.');
  const { name, sameSite = 'strict', domain }: CookieOptions = option === true ? {} : option;
  for (const key of Object.keys(option === true ? {} : option)) {
    if (OPTIONS.includes(key)) continue;
    const nearest = nearestName(key, OPTIONS);
    throw invalid(`There is no option cookie.${key}.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`);
  }
  if (name !== undefined && (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name))) {
    throw invalid('cookie.name must be 1 to 100 letters, digits and -_.');
  }
  if (!['strict', 'lax', 'none'].includes(sameSite)) throw invalid('cookie.sameSite must be "strict", "lax" or "none".');
  if (domain !== undefined && (typeof domain !== 'string' || !/^[\w-]+(\.[\w-]+)+$/.test(domain))) {
    throw invalid('cookie.domain must be a host name such as "example.com".');
  }
  if (domain !== undefined && name?.startsWith('__Host-'))
    throw invalid('A cookie with a name of __Host- has no domain. Leave one of them out.');
  return { name: name ?? (domain === undefined ? '__Host-verbatim' : '__Secure-verbatim'), sameSite, domain };
}

/** Gives the browser its token to keep until `expiresAt`, or until it is closed. Throws `BAD_INPUT` for a token that no browser would keep. */
export function setLoginCookie(
  reply: Reply,
  token: string,
  { cookie, expiresAt, now }: { readonly cookie: LoginCookie; readonly expiresAt: number | undefined; readonly now: number },
): void {
  const maxAge = expiresAt === undefined ? undefined : Math.max(0, Math.ceil((expiresAt - now) / 1_000));
  const text = cookieText(cookie, token, maxAge);
  if (text.length > MAX_COOKIE_BYTES) {
    throw new VerbatimError(
      'BAD_INPUT',
      'This token is too long for a cookie. Send it in the Authorization header or in the connection params.',
    );
  }
  reply.header('set-cookie', text);
}

export function clearLoginCookie(reply: Reply, cookie: LoginCookie): void {
  reply.header('set-cookie', cookieText(cookie, '', 0));
}

function cookieText({ name, sameSite, domain }: LoginCookie, value: string, maxAge: number | undefined): string {
  return fastifyCookie.serialize(name, value, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite,
    ...(domain !== undefined && { domain }),
    ...(maxAge !== undefined && { maxAge }),
  });
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
