import { connect, type Socket } from 'node:net';
import { vi } from 'vitest';
import { afterTest } from './afterTest.ts';

/** A connection whose bytes a test writes itself, with everything that came back. */
export class RawHttp {
  readonly socket: Socket;
  /** Resolves when the other end has closed. */
  readonly closed: Promise<void>;
  text = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text;
    });
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    afterTest(async () => {
      this.socket.destroy();
      await this.closed;
    });
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Writes a character every so often, for as long as the connection lives. */
  drip(text: string, everyMs: number): void {
    let at = 0;
    const timer = setInterval(() => this.write(text[at++ % text.length] ?? ''), everyMs);
    this.socket.once('close', () => clearInterval(timer));
  }

  async status(): Promise<number> {
    return vi.waitFor(() => {
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(this.text) ?? [];
      if (status === undefined) throw new Error(`no answer yet: ${this.text.slice(0, 200)}`);
      return Number(status);
    });
  }
}
