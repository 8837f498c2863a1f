import { createTRPCClient, type TRPCClient, TRPCClientError, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { ApiContract } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Calls } from './calls.ts';
import type { Connection } from './connection.ts';
import type { ConnectionState } from './connectionState.ts';
import type { ContractRouter } from './contractRouter.ts';
import { isErrorShape } from './transportMessage.ts';

/**
 * A plain tRPC client over the SDK's connection. Queries, and mutations that have an `idempotencyKey`, are asked again after a lost
 * connection; subscriptions go on from the last event id. Rejects with tRPC's `TRPCClientError`; its `cause` is the `VerbatimError`.
 */
export function createTrpc<Api extends ApiContract>(connection: Connection, calls: Calls): TRPCClient<ContractRouter<Api>> {
  const link: TRPCLink<ContractRouter<Api>> =
    () =>
    ({ op }) =>
      observable((observer) => {
        const ended = new AbortController();
        const signal = ended.signal;
        const abort = () => ended.abort();
        op.signal?.addEventListener('abort', abort, { once: true });
        if (op.type === 'subscription') {
          const report = (state: ConnectionState) => observer.next({ result: toTrpcState(state) });
          const stopReporting = connection.subscribe(report);
          const release = connection.hold();
          signal.addEventListener('abort', () => {
            stopReporting();
            release();
          });
          report(connection.state);
          follow(connection, op.path, op.input, signal, (result) => observer.next({ result })).then(
            () => observer.complete(),
            (error: unknown) => (signal.aborted ? observer.complete() : observer.error(toTrpcError(error))),
          );
        } else {
          calls.ask({ type: op.type, path: op.path, input: op.input }, { signal }).then(
            (data) => {
              observer.next({ result: { type: 'data', data } });
              observer.complete();
            },
            (error: unknown) => observer.error(toTrpcError(error)),
          );
        }
        return () => {
          op.signal?.removeEventListener('abort', abort);
          ended.abort();
        };
      });
  return createTRPCClient<ContractRouter<Api>>({ links: [link] });
}

type Result = { readonly type: 'started' | 'stopped' } | { readonly type: 'data'; readonly data: unknown };

async function follow(
  connection: Connection,
  path: string,
  input: unknown,
  signal: AbortSignal,
  emit: (result: Result) => void,
): Promise<void> {
  let lastEventId: string | undefined;
  let started = false;
  while (!signal.aborted) {
    const wire = await connection.ready(signal);
    let leave = () => {};
    const error = await new Promise<VerbatimError | undefined>((resolve) => {
      const stop = wire.subscribe(path, lastEventId === undefined ? input : { ...(input as object), lastEventId }, {
        started() {
          if (!started) emit({ type: 'started' });
          started = true;
        },
        next(id, data) {
          lastEventId = id ?? lastEventId;
          emit({ type: 'data', data: id === undefined ? data : { id, data } });
        },
        end: resolve,
      });
      leave = () => {
        stop();
        resolve(undefined);
      };
      signal.addEventListener('abort', leave, { once: true });
    });
    signal.removeEventListener('abort', leave);
    if (error === undefined) break;
    if (error.code !== 'CONNECTION_LOST') throw error;
  }
  emit({ type: 'stopped' });
}

function toTrpcState(state: ConnectionState) {
  const error = 'reason' in state && state.reason !== undefined ? toTrpcError(state.reason) : null;
  switch (state.status) {
    case 'idle':
    case 'closed':
      return { type: 'state', state: 'idle', error: null } as const;
    case 'connecting':
    case 'offline':
      return { type: 'state', state: 'connecting', error } as const;
    case 'online':
      return { type: 'state', state: 'pending', error: null } as const;
  }
}

function toTrpcError(error: unknown): TRPCClientError<ContractRouter<ApiContract>> {
  const cause = error instanceof Error ? error : new Error(String(error));
  const shape = error instanceof VerbatimError ? error.cause : undefined;
  return isErrorShape(shape) ? TRPCClientError.from({ error: shape }, { cause }) : TRPCClientError.from(cause);
}
