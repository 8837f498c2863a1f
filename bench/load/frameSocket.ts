import { connect, type Socket } from 'node:net';

export interface FrameSocketOptions {
  readonly port: number;
  readonly path: string;
  /** The address to come from, where one address has too few ports. */
  readonly localAddress?: string | undefined;
}

/** All sockets read into it: what one has read is taken before the next one reads. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);
const OPCODES = { text: 1, close: 8, ping: 9, pong: 10 } as const;
const NOTHING = Buffer.alloc(0);

/**
 * A WebSocket that can do just what a benchmark needs, for a fraction of what a real client costs: text frames in one piece, pings answered.
 * It trusts the server.
 */
export class FrameSocket {
  onText: (text: string) => void = () => {};
  onEnd: (error: Error) => void = () => {};
  readonly #socket: Socket;
  #rest: Buffer = NOTHING;
  #upgraded: (() => void) | undefined;

  /** Resolves when the server has agreed to the upgrade. */
  static open(options: FrameSocketOptions): Promise<FrameSocket> {
    return new Promise((resolve, reject) => {
      const socket = new FrameSocket(options, () => resolve(socket));
      socket.onEnd = reject;
    });
  }

  private constructor({ port, path, localAddress }: FrameSocketOptions, onOpen: () => void) {
    this.#upgraded = onOpen;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      ...(localAddress !== undefined && { localAddress }),
      onread: { buffer: readBuffer, callback: (bytes) => this.#take(readBuffer.subarray(0, bytes)) },
    });
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dmVyYmF0aW0gYmVuY2ghIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    this.#socket.on('error', (error) => this.onEnd(error));
    this.#socket.on('close', () => this.onEnd(new Error('the server ended the connection')));
  }

  send(text: string): void {
    this.#write(OPCODES.text, Buffer.from(text));
  }

  /** Reads nothing more: what the server sends stays in the kernel, until that is full. */
  stall(): void {
    this.#socket.pause();
  }

  close(): void {
    this.onEnd = () => {};
    this.#socket.destroy();
  }

  /** What is left for the next read is copied: the buffer is shared. */
  #take(read: Buffer): boolean {
    const data = this.#rest.length === 0 ? read : Buffer.concat([this.#rest, read]);
    const taken = this.#upgraded === undefined ? this.#takeFrames(data, 0) : this.#takeUpgrade(data, this.#upgraded);
    this.#rest = taken === data.length ? NOTHING : Buffer.from(data.subarray(taken));
    return true;
  }

  #takeUpgrade(data: Buffer, onOpen: () => void): number {
    const end = data.indexOf('\r\n\r\n');
    if (end === -1) return 0;
    this.#upgraded = undefined;
    const status = data.toString('latin1', 0, data.indexOf('\r\n'));
    if (status.startsWith('HTTP/1.1 101')) onOpen();
    else this.onEnd(new Error(`the server refused the upgrade: ${status}`));
    return this.#takeFrames(data, end + 4);
  }

  /** Returns where the first frame begins that is not all there. */
  #takeFrames(data: Buffer, from: number): number {
    let at = from;
    while (at + 2 <= data.length) {
      const short = (data[at + 1] ?? 0) & 127;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > data.length) return at;
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
      if (start + length > data.length) return at;
      const opcode = (data[at] ?? 0) & 15;
      at = start + length;
      if (opcode === OPCODES.text) this.onText(data.toString('latin1', start, at));
      else if (opcode === OPCODES.ping) this.#write(OPCODES.pong, Buffer.from(data.subarray(start, at)));
      else if (opcode === OPCODES.close) this.onEnd(new Error(`closed with ${length < 2 ? 1005 : data.readUInt16BE(start)}`));
    }
    return at;
  }

  /** Masked with zeros: the protocol asks for a mask, and not for a secret one. */
  #write(opcode: number, payload: Buffer): void {
    const long = payload.length > 125;
    const head = Buffer.alloc(long ? 8 : 6);
    head[0] = 128 | opcode;
    head[1] = 128 | (long ? 126 : payload.length);
    if (long) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, payload]));
  }
}
