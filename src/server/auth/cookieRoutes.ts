import cookies from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../protocol/clock.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { type Authenticator, unauthenticated } from './authenticator.ts';
import { clearLoginCookie, setLoginCookie } from './cookie.ts';
import { whoAmI } from './whoAmI.ts';

export const COOKIE_PATH = '/auth/cookie';

/** `POST /auth/cookie` puts the token of the `Authorization` header into the cookie, a newer one in the place of an older; `DELETE` takes it away. */
export async function cookieRoutes(
  app: FastifyInstance,
  { authenticator, clock }: { readonly authenticator: Authenticator; readonly clock: Clock },
): Promise<void> {
  const { cookie } = authenticator;
  if (cookie !== undefined) await app.register(cookies, { hook: false });
  const settings = () => {
    if (cookie !== undefined) return cookie;
    throw new VerbatimError(
      'NOT_FOUND',
      'This server takes no cookies. Set its option `cookie`, or send the token in the Authorization header.',
    );
  };
  // Whatever comes along as a body is not read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.post(COOKIE_PATH, async ({ raw }, reply) => {
    const cookie = settings();
    const credentials = authenticator.credentials(raw, null);
    // The cookie itself would do, and would renew nothing.
    if (credentials.via !== 'bearer' || credentials.token === undefined) throw unauthenticated();
    const { principal } = await authenticator.identifyBy(credentials);
    const now = clock.now();
    setLoginCookie(reply, credentials.token, { cookie, expiresAt: principal.expiresAt, now });
    return reply.header('cache-control', 'no-store').send(whoAmI(principal, now));
  });
  app.delete(COOKIE_PATH, async (_request, reply) => {
    clearLoginCookie(reply, settings());
    return reply.header('cache-control', 'no-store').code(204).send();
  });
}
