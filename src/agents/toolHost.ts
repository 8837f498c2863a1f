import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Observer } from '../protocol/observer.ts';
import { ToolPlaces } from './toolPlaces.ts';
import type { CacheLayer } from './toolPolicy.ts';
import { ToolResults } from './toolResults.ts';
import { ToolThreads } from './toolThreads.ts';

export interface ToolHostOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly threads?: number | undefined;
  readonly secondLayer?: CacheLayer | undefined;
  readonly report: (cause: unknown, what: string) => void;
  readonly observer?: Observer | undefined;
}

/** What the tools of all runs of a server share. `close` it when no run is at work any more. */
export interface ToolHost {
  readonly places: ToolPlaces;
  readonly results: ToolResults;
  readonly threads: ToolThreads;
  close(): Promise<void>;
}

export function openToolHost({ clock, limits, threads, secondLayer, report, observer }: ToolHostOptions): ToolHost {
  const host = {
    places: new ToolPlaces(clock),
    results: new ToolResults({
      clock,
      maxEntries: limits.maxCachedToolResults,
      maxBytes: limits.maxToolOutputBytes,
      second: secondLayer,
      observer,
      report: (cause) => report(cause, 'the second layer of the tool cache failed'),
    }),
    threads: new ToolThreads({ clock, limits, threads, report: (cause) => report(cause, 'a thread of a tool failed') }),
  };
  return {
    ...host,
    async close() {
      host.places.close();
      await host.threads.close();
    },
  };
}
