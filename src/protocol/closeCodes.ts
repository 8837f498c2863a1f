/** Why a WebSocket ended. The list is closed: anything else is treated like 1006. */
export const CLOSE_CODES = {
  NORMAL: 1000,
  /** The server shuts down; the client comes back after its backoff. */
  GOING_AWAY: 1001,
  /** Never sent: what a reader sees when a connection breaks without a close frame. */
  ABNORMAL: 1006,
  /** An inbound frame was larger than `maxFrameBytes`. The request in it fails; the client reconnects for the others. */
  FRAME_TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
  SERVER_FULL: 1013,
  /** No request and no subscription for `idleTimeoutMs`. Not an error: the client sleeps until it is used again. */
  IDLE: 4000,
  BAD_REQUEST: 4400,
  UNAUTHENTICATED: 4401,
  NOT_ALLOWED: 4403,
  /** The token that the URL promised did not come within `authTimeoutMs`. */
  AUTH_TIMEOUT: 4408,
  SLOW_READER: 4409,
  REPLACED: 4410,
  TOO_MANY_CONNECTIONS: 4429,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

export type AfterClose = 'retry' | 'sleep' | 'stop';

/** What a client does after a close: the only place that decides it. Unknown codes are retried, so that a newer server can add some. */
export function afterClose(code: number): AfterClose {
  switch (code) {
    case CLOSE_CODES.IDLE:
      return 'sleep';
    case CLOSE_CODES.BAD_REQUEST:
    case CLOSE_CODES.UNAUTHENTICATED:
    case CLOSE_CODES.NOT_ALLOWED:
    case CLOSE_CODES.REPLACED:
      return 'stop';
    default:
      return 'retry';
  }
}
