import { initTRPC, TRPCError } from '@trpc/server';
import superjson, { type SuperJSONResult } from 'superjson';
import { ZodError } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../protocol/errorCodes.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Caller } from './auth/caller.ts';
import type { BatchBudget } from './batchBudget.ts';
import type { Connection } from './connection.ts';
import type { CommandRate } from './limits/commandRate.ts';
import { readInput } from './readInput.ts';
import type { CallOrigin } from './telemetry/callOrigin.ts';
import { tellCall } from './telemetry/tellCall.ts';

/** What every procedure knows of its caller. A middleware that adds to it names `principal` too: tRPC makes a copy, without what is computed. */
export interface Context {
  /** Undefined where nobody is known: such a call gets no further than procedures that are for everybody. */
  readonly caller: Caller | undefined;
  /** Who it is now. Throws `UNAUTHENTICATED`. */
  readonly principal: Principal;
  /** Where the caller is. */
  readonly address: string;
  /** The socket it came by; undefined over HTTP. */
  readonly connection: Connection | undefined;
  /** Of several calls in one request over HTTP. */
  readonly batch?: BatchBudget | undefined;
  /** How many commands its caller has given. */
  readonly commands?: CommandRate | undefined;
  /** How long a call of it may take. */
  readonly requestTimeoutMs: number;
  /** How it came in. Absent in tests of procedures alone. */
  readonly origin?: CallOrigin | undefined;
}

export interface ContextOptions extends Pick<Limits, 'requestTimeoutMs'> {
  readonly origin?: CallOrigin | undefined;
  readonly batch?: BatchBudget | undefined;
  readonly commands?: CommandRate | undefined;
}

export function contextOf(caller: Caller, connection: Connection | undefined, options: ContextOptions): Context {
  return new CallerContext(caller, connection, options);
}

/** A class, since a literal with a getter has a hidden class and closures of its own: 500 bytes of a connection. */
class CallerContext implements Context {
  readonly caller: Caller;
  readonly address: string;
  readonly connection: Connection | undefined;
  readonly batch: BatchBudget | undefined;
  readonly commands: CommandRate | undefined;
  readonly requestTimeoutMs: number;
  readonly origin: CallOrigin | undefined;

  constructor(caller: Caller, connection: Connection | undefined, { requestTimeoutMs, origin, batch, commands }: ContextOptions) {
    this.caller = caller;
    this.address = caller.address;
    this.connection = connection;
    this.batch = batch;
    this.commands = commands;
    this.requestTimeoutMs = requestTimeoutMs;
    this.origin = origin;
  }

  get principal(): Principal {
    return this.caller.principal;
  }
}

/** A call of nobody, for the reason given. */
export function contextOfNobody(refused: unknown, address: string, { requestTimeoutMs, origin }: ContextOptions): Context {
  return {
    caller: undefined,
    address,
    connection: undefined,
    requestTimeoutMs,
    origin,
    get principal(): Principal {
      throw refused;
    },
  };
}

const TRPC_CODES = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'TOO_MANY_REQUESTS',
  499: 'CLIENT_CLOSED_REQUEST',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
} as const satisfies Record<(typeof ERROR_CODES)[ErrorCode]['http'], TRPCError['code']>;

/** An error as tRPC sends it. What is not ours says nothing of itself. */
export function toTrpcError(cause: unknown): TRPCError {
  if (cause instanceof TRPCError) return cause;
  const error = cause instanceof VerbatimError ? cause : internal(cause);
  return new TRPCError({ code: TRPC_CODES[ERROR_CODES[error.code].http], message: error.message, cause: error });
}

function internal(cause: unknown): VerbatimError {
  return new VerbatimError('INTERNAL', 'Something went wrong inside the server.', { cause });
}

/** Our error behind what tRPC caught: a typed one of ours, bad input it found by itself, or something that must not be told. */
export function verbatimErrorOf(error: TRPCError): VerbatimError {
  if (error.cause instanceof VerbatimError) return error.cause;
  if (error.cause instanceof ZodError) {
    const issues = error.cause.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    const first = issues[0];
    const message = first === undefined ? 'The input is not valid.' : `${first.path === '' ? 'The input' : first.path}: ${first.message}.`;
    return new VerbatimError('BAD_INPUT', message, { details: { issues: issues.slice(0, 20) } });
  }
  switch (error.code) {
    case 'NOT_FOUND':
      return new VerbatimError('NOT_FOUND', 'There is no such procedure.');
    case 'PAYLOAD_TOO_LARGE':
      return new VerbatimError('FRAME_TOO_BIG', 'The request is too large.');
    case 'UNAUTHORIZED':
      return new VerbatimError('UNAUTHENTICATED', 'The token is missing or not valid.');
    case 'PARSE_ERROR':
    case 'BAD_REQUEST':
    case 'METHOD_NOT_SUPPORTED':
    case 'UNSUPPORTED_MEDIA_TYPE':
    case 'UNPROCESSABLE_CONTENT':
      return new VerbatimError('BAD_INPUT', 'The request could not be read. Send what PROTOCOL.md describes.');
    default:
      return internal(error);
  }
}

const trpc = initTRPC.context<Context>().create({
  transformer: {
    input: {
      serialize: (value: unknown) => superjson.serialize(value),
      deserialize: readInput,
    },
    // All answers are plain JSON, which is superjson as it is. superjson itself refuses keys such as `constructor`, and one word that a tool
    // counted would make its thread unreadable.
    output: {
      serialize: (value: unknown) => ({ json: value }),
      deserialize: (value: unknown) => superjson.deserialize(value as SuperJSONResult),
    },
  },
  // tRPC adds stacks outside production otherwise.
  isDev: false,
  errorFormatter({ shape, error }) {
    const { code, message, retryable, details } = verbatimErrorOf(error);
    return {
      code: shape.code,
      message,
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        reason: code,
        retryable,
        ...(details !== undefined && { details }),
      },
    };
  },
});

export const { router, createCallerFactory } = trpc;

/** A call: counted while it is answered, and its errors made ours. */
const anyCall = trpc.procedure.use(async ({ ctx, path, getRawInput, next }) => {
  const tell = tellCall(ctx, path);
  const ended = ctx.connection?.callStarted(await getRawInput());
  const result = await next();
  ended?.();
  const error = result.ok ? undefined : verbatimErrorOf(result.error);
  tell?.(error);
  if (!result.ok && !(result.error.cause instanceof ZodError)) return { ...result, error: toTrpcError(error) };
  return result;
});

interface Asked {
  readonly ctx: Context;
  readonly type: string;
  readonly path: string;
}

/** One that takes longer than a call may is answered with `TIMEOUT`; what it does goes on. Subscriptions last. */
async function inTime<Result>({ ctx: { requestTimeoutMs: timeoutMs }, type, path }: Asked, answer: () => Promise<Result>): Promise<Result> {
  if (type === 'subscription' || !Number.isFinite(timeoutMs)) return answer();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = (): void => reject(new VerbatimError('TIMEOUT', `${path} took longer than ${timeoutMs} ms. It may be done all the same.`));
    timer = setTimeout(late, timeoutMs);
  });
  try {
    return await Promise.race([answer(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws when nobody is known, and for a command beyond how many its caller may give. */
function admit({ ctx: { principal, commands }, type, path }: Asked): void {
  if (type === 'mutation') commands?.count(principal, path);
}

/**
 * For calls that last, after their inputs: tRPC keeps an input for as long as its call is under way, and what no schema knows in it would be
 * kept with it.
 */
export const keepsOnlyParsed = trpc.middleware(async ({ input, getRawInput, next }) => {
  const given: unknown = await getRawInput();
  if (typeof given === 'object' && given !== null && typeof input === 'object') {
    // What loses a key is a dictionary from then on, three times as large.
    for (const key of Object.keys(given)) if (!Object.hasOwn(input ?? {}, key)) Reflect.deleteProperty(given, key);
    Object.assign(given, input);
  }
  return next();
});

// Each middleware costs a call 15 us: tRPC copies all that it knows for it, twice.

/** A call that anybody may make. */
export const publicProcedure = anyCall.use((call) => inTime(call, call.next));

/** A call of somebody who is known, and that waits as long as it was asked to. */
export const waiting = anyCall.use((call) => {
  admit(call);
  return call.next();
});

/** A call of somebody who is known. */
export const procedure = anyCall.use((call) => {
  admit(call);
  return inTime(call, call.next);
});

/**
 * A call that only reads: one is answered after the other, on a socket each when its reader has taken enough of those before, and in a batch
 * over HTTP as long as there is room for its answer.
 */
export const reading = anyCall.use(async (call) => {
  admit(call);
  const done = await (call.ctx.connection ?? call.ctx.batch)?.takeTurn();
  let answered: unknown;
  try {
    const result = await inTime(call, call.next);
    answered = result.ok ? result.data : undefined;
    return result;
  } finally {
    done?.(answered);
  }
});
