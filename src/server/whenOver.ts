import type { ServerResponse } from 'node:http';

/** Whether nobody can read an answer any more: it was given, or its connection has gone. */
export function isOver(response: ServerResponse): boolean {
  return response.closed || response.req.socket.destroyed;
}

/**
 * Calls `over` once, when an answer was given or its connection has gone; at once where that is so. An answer that waits behind others of its
 * connection does not hear from Node that this has gone.
 */
export function whenOver(response: ServerResponse, over: () => void): void {
  const { socket } = response.req;
  if (isOver(response)) return over();
  const tell = (): void => {
    response.off('close', tell);
    socket.off('close', tell);
    over();
  };
  response.once('close', tell);
  if (response.socket === null) socket.once('close', tell);
}
