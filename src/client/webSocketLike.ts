/** What the client needs of a WebSocket: every browser's and Node's, and the `ws` package's. */
export interface WebSocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open', listener: () => void): void;
  /** What is known of it besides, as Node has it, tells why no connection came about. */
  addEventListener(type: 'error', listener: (event: unknown) => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  /** Only `ws` has it: ends the socket without waiting for the other side. */
  terminate?(): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;
