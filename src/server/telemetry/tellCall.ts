import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Context } from '../trpc.ts';

const told = new WeakSet<object>();

/** Whether a failure was told as that of its call, with everything that is known of it. */
export function isTold({ cause }: { readonly cause?: unknown }): boolean {
  return typeof cause === 'object' && cause !== null && told.has(cause);
}

/** To be called when a call begins; the returned function when it is answered. Of a watch, that is when it is open. */
export function tellCall({ origin, caller }: Context, path: string): ((error: VerbatimError | undefined) => void) | undefined {
  if (origin === undefined) return undefined;
  const beganMs = performance.now();
  return (error) => {
    if (error !== undefined) told.add(error);
    origin.observer.callEnded({
      path,
      transport: origin.transport,
      code: error?.code ?? 'OK',
      ms: performance.now() - beganMs,
      requestId: origin.nextRequestId(),
      connectionId: origin.connectionId,
      principalId: caller?.identity.principal.id,
      limit: limitOf(error),
      ...(error?.code === 'INTERNAL' && { cause: error.cause ?? error }),
    });
  };
}

function limitOf(error: VerbatimError | undefined): string | undefined {
  const { details } = error ?? {};
  if (typeof details !== 'object' || details === null || !('limit' in details)) return undefined;
  return typeof details.limit === 'string' ? details.limit : undefined;
}
