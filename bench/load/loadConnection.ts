import type { TokenSchedule } from '../server/tokenStream.ts';
import { RawConnection } from './rawConnection.ts';
import { SdkConnection } from './sdkConnection.ts';
import { SseConnection } from './sseConnection.ts';
import { VerbatimConnection } from './verbatimConnection.ts';

/** How the load speaks to a server. `corked` asks the reference to write tokens in batches, `sdk` is the package's own client. */
export type Dialect = 'raw' | 'corked' | 'verbatim' | 'sse' | 'sdk';

export interface ConnectionOptions {
  readonly port: number;
  /** Who is calling: everybody with the same token is the same principal. */
  readonly token: string;
  readonly localAddress?: string | undefined;
  /** Default: throws, for a failure in the middle of a measurement must not pass for silence. */
  readonly onLost?: ((error: Error) => void) | undefined;
}

/** Gets the text of each frame that holds tokens: often one, sometimes many joined. */
export type OnDelta = (delta: string) => void;

/** One user's connection to a server, open and authenticated. */
export interface LoadConnection {
  /**
   * Asks for a stream and reads it; over Verbatim's WebSocket in a thread that there is, if one is named. Resolves when the server has
   * accepted, which may be after the first tokens.
   */
  stream(schedule: TokenSchedule, onDelta: OnDelta, threadId?: string): Promise<void>;
  close(): void;
}

export function throwLost(error: Error): void {
  throw error;
}

export function openConnection(dialect: Dialect, options: ConnectionOptions): Promise<LoadConnection> {
  if (dialect === 'raw' || dialect === 'corked') return RawConnection.open({ ...options, corked: dialect === 'corked' });
  if (dialect === 'sdk') return SdkConnection.open(options);
  return dialect === 'sse' ? SseConnection.open(options) : VerbatimConnection.open(options);
}
