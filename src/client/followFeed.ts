import type { VerbatimError } from '../protocol/verbatimError.ts';
import { backoffMs } from './backoff.ts';
import type { ReaderContext } from './eventReader.ts';
import { pause } from './pause.ts';

export interface FeedSource {
  readonly path: 'notices.watch' | 'threads.presence';
  readonly input: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly onData: (data: unknown) => void;
}

/**
 * Follows what a server tells and keeps nowhere, across lost connections, until the signal aborts: what is told meanwhile is missed. Rejects
 * with what closed the client, or with the server's final answer.
 */
export async function followFeed({ path, input, signal, onData }: FeedSource, { connection, clock, random }: ReaderContext): Promise<void> {
  const release = connection.hold();
  try {
    for (let failures = 0; !signal.aborted; failures++) {
      const wire = await connection.ready(signal);
      const error = await new Promise<VerbatimError | undefined>((resolve) => {
        const done = (ending?: VerbatimError): void => {
          signal.removeEventListener('abort', stopped);
          resolve(ending);
        };
        const stop = wire.subscribe(path, input, {
          next: (_id, data) => {
            failures = 0;
            onData(data);
          },
          end: done,
        });
        const stopped = (): void => {
          stop();
          done();
        };
        signal.addEventListener('abort', stopped, { once: true });
      });
      if (error?.code === 'CONNECTION_LOST') continue;
      if (error !== undefined && !error.retryable) throw error;
      await pause(clock, backoffMs(failures, random), signal);
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    release();
  }
}
