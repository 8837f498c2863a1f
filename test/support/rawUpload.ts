import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { ErrorShape } from '../../src/client/index.ts';
import type { FileRef } from '../../src/protocol/file.ts';
import { afterTest } from './afterTest.ts';

interface Answer {
  readonly status: number;
  readonly file: FileRef;
  readonly error: ErrorShape;
}

export interface RawUpload {
  readonly request: ClientRequest;
  readonly answer: Promise<Answer>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
}

interface UploadTarget {
  readonly port: number;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** An upload on a connection of its own, whose body a test writes as it likes. */
export function beginUpload({ port, query = '', headers = {} }: UploadTarget): RawUpload {
  const sent = request({ port, host: '127.0.0.1', path: `/files${query}`, method: 'POST', headers, agent: false });
  afterTest(() => sent.destroy());
  const closed = new Promise<void>((resolve) => sent.on('close', resolve));
  const answer = new Promise<IncomingMessage>((resolve, reject) => sent.on('response', resolve).on('error', reject)).then(readAnswer);
  answer.catch(() => {});
  sent.flushHeaders();
  return { request: sent, answer, closed };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  const body = JSON.parse(text);
  return { status: response.statusCode ?? 0, file: body, error: body.error?.json };
}

/** A whole upload. */
export async function upload(target: UploadTarget, bytes: Uint8Array | string): Promise<Answer> {
  const { request: sent, answer } = beginUpload({
    ...target,
    headers: { 'content-length': Buffer.byteLength(bytes), ...target.headers },
  });
  sent.end(bytes);
  return answer;
}
