import type { OpenDatabase } from '../../db/openDatabase.ts';
import type { Store } from '../../db/sqliteStore.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Observer } from '../../protocol/observer.ts';
import type { ServerOptions } from '../serverOptions.ts';
import { logListener } from './logListener.ts';
import { Logs } from './logs.ts';
import { lookAround } from './lookAround.ts';
import { type LoopLag, watchLoopLag } from './loopLag.ts';
import { Metrics } from './metrics.ts';
import { observers } from './observers.ts';
import { Readiness } from './readiness.ts';
import { RunsAtWork } from './runsAtWork.ts';
import { Sampler } from './sampler.ts';
import { type Held, serverGauges } from './serverGauges.ts';
import { openTraces } from './traces.ts';

/** How a server is seen: what it tells goes to its logs, its metrics and its traces. `close` it last. */
export interface Telemetry {
  readonly observer: Observer;
  readonly logs: Logs;
  readonly runs: RunsAtWork;
  readonly metrics: Metrics | undefined;
  /** For the console, whether there are `metrics` or not. Close it before the store. */
  readonly sampler: Sampler;
  /** To be called once, when there is something to look at. */
  watch(server: { readonly store: Store; readonly database: OpenDatabase; readonly held: () => Held }): Readiness;
  /** Begins to keep how the server does: to be called when nothing can fail any more but what ends in a `close` of the sampler. */
  sample(): void;
  close(): void;
}

export function openTelemetry(options: ServerOptions, { limits, now }: { readonly limits: Limits; readonly now: () => number }): Telemetry {
  const logs = new Logs(options);
  const runs = new RunsAtWork();
  const metrics = options.metrics === false ? undefined : new Metrics();
  let loopLag: LoopLag | undefined;
  let sample = (): void => {};
  const sampler = new Sampler();
  // The runs last: those before them still know which run it was that ends.
  const listeners = [metrics?.listener ?? {}, sampler.listener, logListener(logs, runs), runs.listener];
  return {
    observer: observers(openTraces(), listeners),
    logs,
    runs,
    metrics,
    sampler,
    watch({ store, database, held }) {
      const lag = watchLoopLag();
      loopLag = lag;
      const readiness = new Readiness({ write: () => store.writeProbe(), loopLag: lag, limits });
      const file = database.file === ':memory:' ? undefined : database.file;
      const queue = () => store.runs.queued();
      if (metrics !== undefined) {
        serverGauges({ registry: metrics.registry, held, queue, now, loopLag: lag, file, isReady: () => readiness.wasReady });
      }
      sample = () =>
        sampler.start({
          look: () => lookAround({ store, held, now, file }),
          tokens: () => store.tokens,
          now,
          report: (cause) => logs.of('server').warn({ err: cause }, 'how the server does could not be looked at'),
        });
      return readiness;
    },
    sample: () => sample(),
    close: () => loopLag?.close(),
  };
}
