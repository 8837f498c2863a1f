import type { IncomingMessage } from 'node:http';
import type { Observer } from '../../protocol/observer.ts';

/** Tells that a token was not good. Who brought none has not tried. */
export function loginFailure(
  observer: Observer,
  { headers }: Pick<IncomingMessage, 'headers'>,
  params: Readonly<Record<string, unknown>> | null,
): void {
  if (headers.authorization !== undefined || headers['x-api-key'] !== undefined || params?.token !== undefined)
    observer.loginFailed('token');
}
