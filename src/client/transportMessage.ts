import superjson, { type SuperJSONResult } from 'superjson';
import { type ErrorCode, isErrorCode } from '../protocol/errorCodes.ts';
import { type Json, jsonDepth } from '../protocol/json.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** tRPC's error as it is on the wire, with what Verbatim adds to `data`. */
export interface ErrorShape {
  readonly message: string;
  readonly code: number;
  readonly data: {
    /** tRPC's own. */
    readonly code: string;
    readonly httpStatus?: number;
    readonly path?: string;
    /** Verbatim's. */
    readonly reason?: ErrorCode;
    readonly retryable?: boolean;
    readonly details?: Json;
  };
}

/** Of no input, too: the server undoes superjson whatever comes. */
export const encodeInput = (input: unknown): SuperJSONResult => superjson.serialize(input);

/** Undoes superjson. Most of what comes is plain JSON, which is taken as it is: superjson copies it. */
export function decodeData(data: unknown): unknown {
  if (!isRecord(data) || !('json' in data)) return data;
  return data.meta === undefined ? data.json : superjson.deserialize({ json: data.json as never, meta: data.meta as never });
}

/** The text of a request. Throws `FRAME_TOO_BIG` or `BAD_INPUT` for what would make the server hang up. */
export function encodeRequest(build: () => object): string {
  let request: object;
  let text: string;
  try {
    request = build();
    text = JSON.stringify(request);
  } catch (cause) {
    throw new VerbatimError('BAD_INPUT', 'The input cannot be written as JSON', { cause });
  }
  if (jsonDepth(request) > DEFAULT_LIMITS.maxFrameDepth) {
    throw new VerbatimError('BAD_INPUT', `The input nests deeper than ${DEFAULT_LIMITS.maxFrameDepth} levels`);
  }
  // A UTF-16 unit takes at most 3 bytes, so short texts need no counting.
  if (text.length * 3 > DEFAULT_LIMITS.maxFrameBytes && new TextEncoder().encode(text).byteLength > DEFAULT_LIMITS.maxFrameBytes) {
    throw frameTooBig();
  }
  return text;
}

export const frameTooBig = (): VerbatimError =>
  new VerbatimError('FRAME_TOO_BIG', 'The request is larger than the server takes: shorten the text or the metadata');

export const connectionLost = (cause?: unknown): VerbatimError =>
  new VerbatimError('CONNECTION_LOST', 'The connection to the server was lost', { cause });

const REASON_OF_TRPC_CODE: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: 'BAD_INPUT',
  PARSE_ERROR: 'BAD_INPUT',
  UNPROCESSABLE_CONTENT: 'BAD_INPUT',
  METHOD_NOT_SUPPORTED: 'BAD_INPUT',
  UNSUPPORTED_MEDIA_TYPE: 'BAD_INPUT',
  UNAUTHORIZED: 'UNAUTHENTICATED',
  FORBIDDEN: 'NOT_ALLOWED',
  NOT_FOUND: 'NOT_FOUND',
  PAYLOAD_TOO_LARGE: 'FRAME_TOO_BIG',
  TOO_MANY_REQUESTS: 'SERVER_FULL',
  SERVICE_UNAVAILABLE: 'SERVER_FULL',
  TIMEOUT: 'TIMEOUT',
  GATEWAY_TIMEOUT: 'TIMEOUT',
};

const TRPC_CODE_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'TOO_MANY_REQUESTS',
};

/** What the server answered, as the client's error. The shape is kept as `cause`, for plain tRPC callers. */
export function errorOfShape(shape: unknown): VerbatimError {
  const { message, data } = isRecord(shape) ? shape : { message: undefined, data: undefined };
  const { code, reason, details, retryable } = isRecord(data) ? data : {};
  return new VerbatimError(
    isErrorCode(reason) ? reason : (REASON_OF_TRPC_CODE[String(code)] ?? 'INTERNAL'),
    typeof message === 'string' ? message : 'The server answered with an error that it did not explain',
    {
      // It came through JSON.
      details: details as Json | undefined,
      retryable: typeof retryable === 'boolean' ? retryable : undefined,
      cause: shape,
    },
  );
}

/** An HTTP answer without a tRPC body: a proxy's page, or another server's. */
export function errorOfStatus(status: number): VerbatimError {
  return errorOfShape({
    message: `The server answered HTTP ${status}`,
    code: 0,
    data: { code: TRPC_CODE_OF_STATUS[status] ?? 'BAD_REQUEST', httpStatus: status },
  });
}

export function isErrorShape(value: unknown): value is ErrorShape {
  return isRecord(value) && typeof value.message === 'string' && typeof value.code === 'number';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
