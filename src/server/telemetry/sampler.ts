import type { MetricSample, MetricsReport } from '../../protocol/metrics.ts';
import { MetricRing } from './metricRing.ts';
import { type Look, MetricWindow } from './metricWindow.ts';
import type { Listener } from './observers.ts';
import { Tallies } from './tallies.ts';

const LIVE_EVERY_MS = 1_000;
const RINGS = {
  hour: { everyMs: 5_000, capacity: 720 },
  day: { everyMs: 120_000, capacity: 720 },
} as const;

type Range = keyof typeof RINGS;

export interface SamplerOptions {
  /** Looks at what is there now. */
  readonly look: () => Promise<Look>;
  /** Tokens since the server began. */
  readonly tokens: () => number;
  readonly now: () => number;
  readonly report: (cause: unknown) => void;
}

interface Sampled {
  readonly window: MetricWindow;
  readonly stop: () => void;
}

/**
 * Keeps how the server did in the last hour and day, and tells it to those who look on. What happens is counted as plain sums, and looked at every
 * 5 seconds; while somebody looks on, every second too. Its memory is fixed: about 0.7 MB. `start` it once, and `close` it.
 */
export class Sampler {
  readonly #tallies = new Tallies();
  readonly #rings = { hour: new MetricRing(RINGS.hour), day: new MetricRing(RINGS.day) };
  readonly #watchers = new Set<(sample: MetricSample) => void>();
  #options: SamplerOptions | undefined;
  #startedAt = 0;
  /** The rings', and that of those who look on while there are any. */
  readonly #sampled = new Map<Range | 'live', Sampled>();

  readonly listener: Listener = {
    sent: () => {
      this.#tallies.sends++;
    },
    runEnded: ({ status, code }) => {
      this.#tallies.runs[status]++;
      if (status === 'failed' && code !== undefined) this.#tallies.failed(code);
    },
    firstToken: (_agent, ms) => {
      for (const { window } of this.#sampled.values()) window.firstToken(ms);
    },
    delivered: (ms) => {
      for (const { window } of this.#sampled.values()) window.delivered(ms);
    },
    callEnded: ({ code }) => {
      this.#tallies.calls++;
      if (code !== 'OK') this.#tallies.failed(code);
    },
  };

  start(options: SamplerOptions): void {
    this.#options = options;
    this.#startedAt = options.now();
    for (const range of ['hour', 'day'] as const) {
      this.#every(range, RINGS[range].everyMs, (sample) => this.#rings[range].push(sample));
    }
  }

  /** Calls `listener` at once and every second, until the returned function is called. */
  watch(listener: (sample: MetricSample) => void): () => void {
    this.#watchers.add(listener);
    if (!this.#sampled.has('live')) {
      this.#every('live', LIVE_EVERY_MS, (sample) => {
        for (const tell of this.#watchers) tell(sample);
      });
    }
    void this.#now().then(
      (sample) => this.#watchers.has(listener) && listener(sample),
      (cause) => this.#options?.report(cause),
    );
    return () => {
      this.#watchers.delete(listener);
      if (this.#watchers.size === 0) this.#stop('live');
    };
  }

  async report({ range, after }: { readonly range?: Range | undefined; readonly after?: number | undefined } = {}): Promise<MetricsReport> {
    const now = await this.#now();
    return { startedAt: this.#startedAt, now, ...(range !== undefined && { series: this.#rings[range].series(after) }) };
  }

  close(): void {
    for (const name of this.#sampled.keys()) this.#stop(name);
  }

  /** What is there now, and what has happened since the last sample of the hour. */
  async #now(): Promise<MetricSample> {
    const { look, now } = this.#running();
    const seen = await look();
    const { window } = this.#sampled.get('hour') ?? {};
    if (window === undefined) throw new Error('the server has closed');
    return window.read(now(), seen);
  }

  #every(name: Range | 'live', everyMs: number, give: (sample: MetricSample) => void): void {
    const { look, tokens, now, report } = this.#running();
    const window = new MetricWindow(this.#tallies, tokens);
    let looking = false;
    const timer = setInterval(() => {
      // A disk that does not answer must not gather looks.
      if (looking) return;
      looking = true;
      look()
        .then((seen) => this.#sampled.has(name) && give(window.take(now(), seen)))
        .catch(report)
        .finally(() => {
          looking = false;
        });
    }, everyMs);
    timer.unref();
    const stop = (): void => {
      clearInterval(timer);
      window.close();
    };
    this.#sampled.set(name, { window, stop });
  }

  #stop(name: Range | 'live'): void {
    this.#sampled.get(name)?.stop();
    this.#sampled.delete(name);
  }

  #running(): SamplerOptions {
    if (this.#options === undefined) throw new Error('the sampler was not started');
    return this.#options;
  }
}
