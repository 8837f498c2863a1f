import { nowMicros } from '../clock.ts';
import { type Quantiles, quantiles } from '../statistics.ts';
import { madeMicros } from './delta.ts';

/** Of the tokens that arrived while it was open. Delivery is from the making of a token to its arrival here. */
export interface WindowReport {
  readonly seconds: number;
  readonly tokens: number;
  readonly frames: number;
  readonly delivery: Quantiles;
  /** CPU of the load process as a share of one core. */
  readonly loadShare: number;
}

/** Counts tokens while it is open. A frame may hold several, joined: each counts, with its own delivery. */
export class TokenWindow {
  readonly #startMicros = nowMicros();
  readonly #startCpu = process.cpuUsage();
  readonly #micros: number[] = [];
  #frames = 0;

  take(delta: string): void {
    this.#frames++;
    const now = nowMicros();
    let from = 0;
    for (let end = delta.indexOf(' '); end !== -1; end = delta.indexOf(' ', from)) {
      this.#micros.push(now - madeMicros(delta.slice(from, end)));
      from = end + 1;
    }
  }

  close(): WindowReport {
    const micros = nowMicros() - this.#startMicros;
    const { user, system } = process.cpuUsage(this.#startCpu);
    return {
      seconds: micros / 1_000_000,
      tokens: this.#micros.length,
      frames: this.#frames,
      delivery: quantiles(this.#micros),
      loadShare: (user + system) / micros,
    };
  }
}
