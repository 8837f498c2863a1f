import type { IncomingMessage } from 'node:http';
import { TRPCError } from '@trpc/server';
import type { FastifyInstance } from 'fastify';
import type { Agents } from '../agents/agent.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Receipt } from '../protocol/contract.ts';
import type { AnyEvent } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import type { AuditTrail } from './auditTrail.ts';
import type { Caller } from './auth/caller.ts';
import { callerOf } from './auth/callerOf.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { maySendTo } from './maySendTo.ts';
import { remoteAddress } from './remoteAddress.ts';
import type { AppRouter } from './routers/router.ts';
import type { Logger } from './serverOptions.ts';
import type { Services } from './services.ts';
import { nestsDeeper } from './socketEncoder.ts';
import type { Sink } from './tail.ts';
import { contextOf, createCallerFactory, verbatimErrorOf } from './trpc.ts';
import { Watch } from './watch.ts';

/** What the MCP endpoint gets of a server: its HTTP side, and the API as a caller may use it. */
export interface McpHost {
  readonly app: FastifyInstance;
  readonly agents: Agents;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  /** Who asks, or throws `UNAUTHENTICATED`. */
  identify(request: IncomingMessage): Promise<Caller>;
  /** Until the returned function is called, what the caller has open ends with its authority. */
  enter(caller: Caller): () => void;
  /** Whether somebody may send to an agent: another is as one that is not there. */
  maySendTo(principal: Principal, agent: string): boolean;
  /** Whether a body nests deeper than `maxFrameDepth`. */
  isTooDeep(json: string): boolean;
  as(caller: Caller): McpCaller;
}

/** The procedures that a call needs, with all checks of the API. What they throw is a `VerbatimError`. */
export interface McpCaller {
  /** Counts a call that waits, until the returned function is called. Throws `RATE_LIMITED`. */
  enterWait(): () => void;
  send(input: {
    readonly agent: string;
    readonly text: unknown;
    readonly threadId: unknown;
    readonly context: unknown;
    readonly idempotencyKey: string | undefined;
  }): Promise<Receipt>;
  cancel(runId: string): Promise<void>;
  /** Each event of a run after `after`, in order. Resolves when the run has ended or `signal` aborts. `onEvent` must not throw. */
  watch(
    run: { readonly runId: string; readonly after: number; readonly signal: AbortSignal },
    onEvent: (event: AnyEvent) => void,
  ): Promise<void>;
}

export interface McpHostOptions extends Pick<McpHost, 'app' | 'logger'> {
  readonly router: AppRouter;
  readonly services: Services;
  readonly handshakes: Handshakes;
  readonly audit: AuditTrail;
}

export function mcpHost({ app, logger, router, services, handshakes, audit }: McpHostOptions): McpHost {
  const { agents, limits, clock, closing, callers } = services;
  const callerFor = createCallerFactory(router);
  return {
    app,
    agents,
    limits,
    clock,
    logger,
    closing,
    async identify(request) {
      try {
        return await callerOf({ ...services, handshakes }, request, 'mcp');
      } catch (error) {
        audit.refused({ action: 'mcp', caller: undefined, address: remoteAddress(request), error });
        throw error;
      }
    },
    enter: (caller) => callers.enter(caller),
    maySendTo: (principal, agent) => maySendTo(services, principal, agent),
    isTooDeep: (json) => nestsDeeper(json, limits.maxFrameDepth),
    as(caller) {
      const api = callerFor(contextOf(caller, undefined, { requestTimeoutMs: limits.requestTimeoutMs, commands: services.commands }));
      return {
        enterWait: () => services.waits.enter(caller.principal),
        // The procedure's schema checks it.
        send: (input) => typed(api.messages.send(input as { agent: string; text: string; context?: Json })),
        cancel: async (runId) => void (await typed(api.runs.cancel({ runId }))),
        async watch({ runId, after, signal }, onEvent) {
          const watch: unknown = await typed(api.runs.watch({ runId, lastEventId: after }));
          if (!(watch instanceof Watch)) throw new Error('runs.watch returned no watch');
          const end = (): void => watch.tail.end();
          signal.addEventListener('abort', end, { once: true });
          if (signal.aborted) end();
          try {
            await typed(watch.tail.run(listenerSink(limits.maxPageBytes, onEvent)));
          } finally {
            signal.removeEventListener('abort', end);
          }
        },
      };
    },
  };
}

/** A reader within this process: it takes everything at once. */
function listenerSink(room: number, onEvent: (event: AnyEvent) => void): Sink {
  return {
    full: false,
    room,
    // Only the log writes these texts.
    send: (_seq, bytes) => onEvent(JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8')) as AnyEvent),
    onDrain: () => () => {},
  };
}

async function typed<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw cause instanceof TRPCError ? (verbatimErrorOf(cause) satisfies VerbatimError) : cause;
  }
}
