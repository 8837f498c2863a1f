import type { RawRequest } from '../server/rawServer.ts';
import type { TokenSchedule } from '../server/tokenStream.ts';
import { deltaOf } from './delta.ts';
import { FrameSocket } from './frameSocket.ts';
import { type ConnectionOptions, type LoadConnection, type OnDelta, throwLost } from './loadConnection.ts';

export interface RawConnectionOptions extends ConnectionOptions {
  readonly corked?: boolean;
}

/** A connection to the reference. One stream at a time: its frames name none. */
export class RawConnection implements LoadConnection {
  readonly #socket: FrameSocket;
  readonly #corked: boolean;

  static async open({ port, localAddress, onLost = throwLost, corked = false }: RawConnectionOptions): Promise<RawConnection> {
    const socket = await FrameSocket.open({ port, path: '/', localAddress });
    socket.onEnd = onLost;
    const connection = new RawConnection(socket, corked);
    await connection.greet('hello');
    return connection;
  }

  private constructor(socket: FrameSocket, corked: boolean) {
    this.#socket = socket;
    this.#corked = corked;
  }

  /** Resolves when the server has answered. */
  greet(type: 'hello' | 'join'): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.onText = () => resolve();
      this.#ask({ type });
    });
  }

  async stream(schedule: TokenSchedule, onDelta: OnDelta): Promise<void> {
    this.read(onDelta);
    this.#ask({ type: 'stream', schedule, corked: this.#corked });
  }

  async join(onDelta: OnDelta): Promise<void> {
    await this.greet('join');
    this.read(onDelta);
  }

  broadcast(schedule: TokenSchedule): void {
    this.#ask({ type: 'broadcast', schedule });
  }

  read(onDelta: OnDelta): void {
    this.#socket.onText = (text) => {
      const delta = deltaOf(text);
      if (delta !== undefined) onDelta(delta);
    };
  }

  close(): void {
    this.#socket.close();
  }

  #ask(request: RawRequest): void {
    this.#socket.send(JSON.stringify(request));
  }
}
