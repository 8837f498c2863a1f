import { Agent, type IncomingMessage, request } from 'node:http';
import type { TokenSchedule } from '../server/tokenStream.ts';
import { deltaOf } from './delta.ts';
import type { ConnectionOptions, LoadConnection, OnDelta } from './loadConnection.ts';
import type { Receipt } from './verbatimConnection.ts';

/** A user of Verbatim over HTTP: sends by POST, reads by Server-Sent Events. */
export class SseConnection implements LoadConnection {
  readonly #options: ConnectionOptions;
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });

  static async open(options: ConnectionOptions): Promise<SseConnection> {
    return new SseConnection(options);
  }

  private constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async stream(schedule: TokenSchedule, onDelta: OnDelta): Promise<void> {
    const body = JSON.stringify({ json: { agent: 'scheduled', text: JSON.stringify(schedule) } });
    const answer = await this.#ask('/trpc/messages.send', body);
    let text = '';
    for await (const chunk of answer) text += chunk;
    const receipt: Receipt | undefined = JSON.parse(text).result?.data.json;
    if (receipt === undefined) throw new Error(`messages.send was refused: ${text}`);
    const input = JSON.stringify({ json: { runId: receipt.runId, lastEventId: receipt.seq } });
    const events = await this.#ask(`/trpc/runs.watch?input=${encodeURIComponent(input)}`);
    let rest = '';
    events.on('data', (chunk: Buffer) => {
      const frames = (rest + chunk.toString('latin1')).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        const delta = deltaOf(frame);
        if (delta !== undefined) onDelta(delta);
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(path: string, body?: string): Promise<IncomingMessage> {
    const { port, token } = this.#options;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: this.#agent }, resolve);
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
