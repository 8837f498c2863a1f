import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { SseParser } from '../../src/client/transportSseParser.ts';
import { afterTest } from './afterTest.ts';
import type { WireEvent } from './rawSocket.ts';

/** A stream of server-sent events over a connection of its own, with everything that came on it. */
export interface RawSse {
  readonly headers: IncomingHttpHeaders;
  readonly names: readonly string[];
  /** The data of every event, parsed; null where there is none. */
  readonly data: readonly unknown[];
  readonly events: readonly WireEvent[];
  readonly ids: readonly string[];
  readonly ended: Promise<void>;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export async function openSse(
  server: { readonly port: number; readonly headers?: OutgoingHttpHeaders },
  path: string,
  input: object,
  headers: OutgoingHttpHeaders = server.headers ?? {},
): Promise<RawSse> {
  const names: string[] = [];
  const data: unknown[] = [];
  const events: WireEvent[] = [];
  const ids: string[] = [];
  const asked = request({
    port: server.port,
    host: '127.0.0.1',
    path: `/trpc/${path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`,
    agent: false,
    headers,
  });
  afterTest(() => asked.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => asked.on('response', resolve).on('error', reject).end());
  asked.on('error', () => {});
  const parser = new SseParser((event) => {
    const parsed: unknown = event.data === '' ? null : JSON.parse(event.data);
    names.push(event.event);
    data.push(parsed);
    if (event.event === 'message') events.push((parsed as { readonly json: WireEvent }).json);
    if (event.event === 'message' && event.id !== undefined) ids.push(event.id);
  });
  const ended = new Promise<void>((resolve) => response.on('close', resolve));
  response.on('error', () => {});
  response.setEncoding('utf8').on('data', (text) => parser.push(text));
  return {
    headers: response.headers,
    names,
    data,
    events,
    ids,
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    destroy: () => void asked.destroy(),
  };
}
