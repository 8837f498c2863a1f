import type { TokenSchedule } from '../server/tokenStream.ts';
import { deltaOf } from './delta.ts';
import { FrameSocket } from './frameSocket.ts';
import { type ConnectionOptions, type LoadConnection, type OnDelta, throwLost } from './loadConnection.ts';

export interface Receipt {
  readonly threadId: string;
  readonly runId: string;
  readonly seq: number;
}

type OnFrame = (frame: string) => void;
type WatchPath = 'runs.watch' | 'threads.watch';

const EVENT = '"result":{"type":"data"';

/** A connection to Verbatim, in the plain frames of its protocol: several calls and watches at once. */
export class VerbatimConnection implements LoadConnection {
  readonly #socket: FrameSocket;
  readonly #open = new Map<number, OnFrame>();
  #nextId = 1;

  static async open({ port, token, localAddress, onLost = throwLost }: ConnectionOptions): Promise<VerbatimConnection> {
    const socket = await FrameSocket.open({ port, path: '/trpc?connectionParams=1', localAddress });
    socket.send(JSON.stringify({ method: 'connectionParams', data: { token } }));
    socket.onEnd = onLost;
    return new VerbatimConnection(socket);
  }

  private constructor(socket: FrameSocket) {
    this.#socket = socket;
    socket.onText = (frame) => this.#open.get(Number.parseInt(frame.slice(6), 10))?.(frame);
  }

  /** Sends and watches: its own tokens only, from the first on. */
  async stream(schedule: TokenSchedule, onDelta: OnDelta, threadId?: string): Promise<void> {
    const { runId, seq } = await this.send({ agent: 'scheduled', text: JSON.stringify(schedule), threadId });
    await this.watch('runs.watch', { runId, lastEventId: seq }, onDelta);
  }

  async send(message: object): Promise<Receipt> {
    // The protocol's answer to it.
    return (await this.call('mutation', 'messages.send', message)) as Receipt;
  }

  async createThread(): Promise<string> {
    // The protocol's answer to it.
    return ((await this.call('mutation', 'threads.create', {})) as { readonly id: string }).id;
  }

  call(method: 'query' | 'mutation', path: string, input: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#ask(method, path, input, (frame) => {
        this.#open.delete(id);
        const { result } = JSON.parse(frame);
        if (result === undefined) reject(new Error(`${path} was refused: ${frame}`));
        else resolve(result.data.json);
      });
    });
  }

  /** Resolves when the server has started to deliver. */
  watch(path: WatchPath, input: object, onDelta: OnDelta): Promise<void> {
    return this.follow(path, input, (frame) => {
      const delta = deltaOf(frame);
      if (delta !== undefined) onDelta(delta);
    });
  }

  /** As `watch`, with the frame of each event. */
  follow(path: WatchPath, input: object, onEvent: OnFrame): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = this.#ask('subscription', path, input, (frame) => {
        const from = frame.indexOf(',') + 1;
        if (frame.startsWith(EVENT, from)) return onEvent(frame);
        if (frame.endsWith('{"type":"started"}}')) resolve();
        else if (frame.endsWith('{"type":"stopped"}}')) this.#open.delete(id);
        else reject(new Error(`${path} was refused: ${frame}`));
      });
    });
  }

  /** Reads nothing more. */
  stall(): void {
    this.#socket.stall();
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, path: string, input: object, onFrame: OnFrame): number {
    const id = this.#nextId++;
    this.#open.set(id, onFrame);
    this.#socket.send(JSON.stringify({ id, method, params: { path, input: { json: input } } }));
    return id;
  }
}
