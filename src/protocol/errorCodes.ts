/** How a code behaves: `http` picks the status and tRPC's own code, `retryable` says whether the same call may succeed later. */
interface ErrorKind {
  readonly http: 400 | 401 | 403 | 404 | 408 | 409 | 413 | 429 | 499 | 500 | 503;
  readonly retryable: boolean;
}

const kind = (http: ErrorKind['http'], retryable = false): ErrorKind => ({ http, retryable });

/** Every error code there is: of calls, of runs, of tools, and of the client itself. `PROTOCOL.md` says when each is used. */
export const ERROR_CODES = {
  // calls
  BAD_INPUT: kind(400),
  UNAUTHENTICATED: kind(401),
  AUTH_UNAVAILABLE: kind(503, true),
  NOT_ALLOWED: kind(403),
  LOGIN_FAILED: kind(401),
  NOT_FOUND: kind(404),
  THREAD_BUSY: kind(409, true),
  IDEMPOTENCY_CONFLICT: kind(409),
  CURSOR_AHEAD: kind(400),
  TOO_MANY_SUBSCRIPTIONS: kind(429),
  ALREADY_DECIDED: kind(409),
  ALREADY_ANSWERED: kind(409),
  NOT_WAITING: kind(409),
  RUN_OPEN: kind(409, true),
  FILE_TOO_LARGE: kind(413),
  FILE_TYPE_REFUSED: kind(400),
  QUEUE_FULL: kind(429, true),
  AGENT_DISABLED: kind(409, true),
  RATE_LIMITED: kind(429, true),
  REPLACED: kind(409),
  FRAME_TOO_BIG: kind(413),
  SERVER_FULL: kind(503, true),
  QUOTA_EXCEEDED: kind(429, true),
  SHUTTING_DOWN: kind(503, true),
  STORAGE_FULL: kind(503, true),
  STORAGE_FAILED: kind(503, true),
  SLOW_READER: kind(408, true),
  INTERNAL: kind(500),
  // runs
  INTERRUPTED: kind(500, true),
  RUN_TIMEOUT: kind(408, true),
  STEP_TIMEOUT: kind(408, true),
  BUDGET_EXCEEDED: kind(409),
  STEP_LIMIT: kind(409),
  CALL_LIMIT: kind(409),
  DEPTH_LIMIT: kind(409),
  HANDOFF_LIMIT: kind(409),
  REPEATED_FAILURE: kind(409),
  OUTPUT_INVALID: kind(500, true),
  GUARDRAIL_TRIPPED: kind(400),
  AGENT_NOT_FOUND: kind(404),
  AGENT_CHANGED: kind(409),
  AGENT_FAILED: kind(500),
  AGENT_BAD_EVENT: kind(500),
  MODEL_UNREACHABLE: kind(503, true),
  MODEL_UNAUTHORIZED: kind(401),
  MODEL_RATE_LIMITED: kind(429, true),
  MODEL_BAD_REQUEST: kind(400),
  MODEL_UNAVAILABLE: kind(503, true),
  MODEL_BAD_RESPONSE: kind(500, true),
  MODEL_STREAM_CUT: kind(503, true),
  MODEL_TIMEOUT: kind(408, true),
  MODEL_REFUSED: kind(400),
  MODEL_OUTPUT_TOO_LARGE: kind(413),
  MODEL_FAILED: kind(500, true),
  // tools, as the model and readers see them
  TOOL_FAILED: kind(500),
  TOOL_TIMEOUT: kind(408, true),
  TOOL_NOT_FOUND: kind(404),
  TOOL_BAD_INPUT: kind(400),
  TOOL_BAD_OUTPUT: kind(500),
  TOOL_REJECTED: kind(403),
  TOOL_EXPIRED: kind(408),
  CHILD_FAILED: kind(500),
  OUTPUT_TOO_LARGE: kind(413),
  OUTCOME_UNKNOWN: kind(500),
  CANCELLED: kind(499),
  // the database at start
  DATABASE_LOCKED: kind(500),
  DATABASE_READ_ONLY: kind(500),
  DATABASE_CORRUPT: kind(500),
  DATABASE_NEWER: kind(500),
  DATABASE_NETWORK_DISK: kind(500),
  DATABASE_UNUSABLE: kind(500),
  NATIVE_MODULE_MISSING: kind(500),
  CONFIG_INVALID: kind(500),
  // of the command line
  OUTPUT_REFUSED: kind(500),
  // made by the client
  CONNECTION_LOST: kind(503, true),
  CLIENT_CLOSED: kind(499),
  CURSOR_GAP: kind(500),
  WATCH_ENDED: kind(500, true),
  TIMEOUT: kind(408, true),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

/** An error as it is stored and sent. `message` is a sentence for people: no stack, path, key or address. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}
