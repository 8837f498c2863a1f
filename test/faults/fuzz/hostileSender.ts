import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { mutateText, mutateValue, pick } from './mutate.ts';
import { type Recorded, type RecordedRequest, recordedFrames, recordedRequests } from './recordedTraffic.ts';

type Random = () => number;

/** What answers nothing within this time is left: half a request, and a wait that was asked for. */
const REQUEST_PATIENCE_MS = 150;
const SOCKET_PATIENCE_MS = 2_000;

/** Sends hostile frames and requests to a server. Answers go to `onAnswer`. */
export class HostileSender {
  readonly #port: number;
  readonly #frames: readonly unknown[];
  readonly #requests: readonly RecordedRequest[];
  readonly #onAnswer: (text: string) => void;

  constructor({
    port,
    recorded,
    onAnswer,
  }: { readonly port: number; readonly recorded: Recorded; readonly onAnswer: (text: string) => void }) {
    this.#port = port;
    this.#frames = recordedFrames(recorded);
    this.#requests = recordedRequests(recorded);
    this.#onAnswer = onAnswer;
  }

  /** So many frames over one socket, or over more where one is closed for what it said. Resolves when all have been read. */
  async frames(random: Random, count: number): Promise<void> {
    for (let sent = 0; sent < count; ) sent += await this.#overOneSocket(random, count - sent);
  }

  async #overOneSocket(random: Random, count: number): Promise<number> {
    const promises = random() < 0.1;
    const headers = promises ? {} : { authorization: 'Bearer mallory' };
    const ws = new WebSocket(`ws://127.0.0.1:${this.#port}/trpc${promises ? '?connectionParams=1' : ''}`, { headers });
    let sent = 0;
    return new Promise((resolve) => {
      ws.on('error', () => {});
      ws.on('close', () => resolve(Math.max(1, sent)));
      ws.on('message', (data) => {
        const text = String(data);
        this.#onAnswer(text);
        if (text.includes('"id":"last"')) ws.close();
      });
      ws.on('open', () => {
        if (promises && random() < 0.5) ws.send(JSON.stringify({ method: 'connectionParams', data: { token: 'mallory' } }));
        for (; sent < count; sent++) this.#sendFrame(ws, random);
        ws.send('{"id":"last","method":"query","params":{"path":"agents.list","input":{"json":{}}}}');
        setTimeout(() => ws.terminate(), SOCKET_PATIENCE_MS).unref();
      });
    });
  }

  #sendFrame(ws: WebSocket, random: Random): void {
    const recorded = pick(random, this.#frames);
    const value = random() < 0.9 ? mutateValue(random, recorded) : recorded;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const frame = random() < 0.25 ? mutateText(random, text ?? '') : (text ?? '');
    const kind = random();
    if (kind < 0.02) ws.send(Buffer.from(frame));
    else if (kind < 0.04) ws.ping(frame.slice(0, 100));
    else if (kind < 0.08) {
      const middle = Math.floor(frame.length / 2);
      ws.send(frame.slice(0, middle), { fin: false });
      ws.send(frame.slice(middle), { fin: true });
    } else if (kind < 0.081) ws.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
    else ws.send(frame);
  }

  /** One request on a connection of its own. Resolves when it was answered, or will not be. */
  async request(random: Random): Promise<void> {
    const bytes = this.#requestBytes(random);
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    let answer = '';
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), REQUEST_PATIENCE_MS);
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
        // A stream that was opened does not end.
        if (/^HTTP\/1\.1 101|text\/event-stream/.test(answer) && answer.indexOf('\n\n') > 0) socket.destroy();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.write(bytes, 'latin1');
    });
    this.#onAnswer(answer);
  }

  #requestBytes(random: Random): string {
    const recorded = pick(random, this.#requests);
    const { method, path, headers, body } = recorded;
    const sent = typeof body === 'string' || body === undefined ? body : random() < 0.8 ? mutateValue(random, body) : body;
    const text = sent === undefined ? '' : typeof sent === 'string' ? sent : (JSON.stringify(sent) ?? '');
    const payload = Buffer.from(random() < 0.3 ? mutateText(random, text) : text).toString('latin1');
    const length = random() < 0.05 ? String(pick(random, ['-1', '1', '99999999999', 'x', '0x10'])) : String(payload.length);
    const all = Object.entries({
      ...headers,
      connection: headers.connection ?? 'close',
      ...(payload !== '' && { 'content-length': length }),
    });
    const changed = all.map(([name, value]) => [name, random() < 0.08 ? Buffer.from(mutateText(random, value)).toString('latin1') : value]);
    const target = random() < 0.4 ? Buffer.from(mutateText(random, path)).toString('latin1') : path;
    const verb = random() < 0.05 ? pick(random, ['PUT', 'HEAD', 'TRACE', 'CONNECT', 'PATCH', 'OPTIONS', 'GET', 'FOO', 'PRI']) : method;
    const head = `${verb} ${target} HTTP/1.1\r\n${changed.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`;
    return (random() < 0.05 ? mutateText(random, head) : head) + payload;
  }
}
