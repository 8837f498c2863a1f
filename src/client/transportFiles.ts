import { VerbatimError } from '../protocol/verbatimError.ts';
import { connectionLost, decodeData, errorOfShape, errorOfStatus, isRecord } from './transportMessage.ts';

/** Bytes of a file, once or as they come. */
export type FileContent = Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface Progress {
  readonly sentBytes: number;
  /** Undefined for a stream, of which nobody knows. */
  readonly totalBytes: number | undefined;
}

export interface FileRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface FileUpload extends FileRequest {
  readonly content: FileContent;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Slices of this size leave one after the other where progress is counted. */
const SLICE_BYTES = 64 * 1024;

/**
 * Sends a file and returns what the server answered. Throws the server's error, or `CONNECTION_LOST`. Progress is the browser's own where there
 * is an `XMLHttpRequest`; elsewhere it is what was taken from us, which may be some kilobytes ahead of what has arrived.
 */
export async function postFile(upload: FileUpload, fetch: typeof globalThis.fetch): Promise<unknown> {
  const { url, headers, signal, content, onProgress } = upload;
  // A fetch tells no progress.
  if (inBrowser() && onProgress !== undefined && !isStream(content)) return postByXhr({ ...upload, content });
  const body = onProgress === undefined && !isStream(content) ? content : countedStream(content, onProgress);
  // Streams need `duplex`, which the types of some platforms do not know.
  const init = {
    method: 'POST',
    headers,
    body: body as BodyInit,
    signal,
    cache: 'no-store',
    ...(isStream(body) && { duplex: 'half' }),
  } as const;
  return answerOf(await fetched(() => fetch(url, init)));
}

/** Asks for the bytes of a file. Throws the server's error, or `CONNECTION_LOST`. */
export async function getFile({ url, headers, signal }: FileRequest, fetch: typeof globalThis.fetch): Promise<Response> {
  const response = await fetched(() => fetch(url, { headers, signal, cache: 'no-store' }));
  if (!response.ok) await answerOf(response);
  return response;
}

async function fetched(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (cause) {
    throw connectionLost(cause);
  }
}

async function answerOf(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw connectionLost(cause);
  }
  return readAnswer(response.status, text);
}

function readAnswer(status: number, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw errorOfStatus(status); // A proxy's page.
  }
  if (status >= 200 && status < 300) return body;
  throw isRecord(body) && 'error' in body ? errorOfShape(decodeData(body.error)) : errorOfStatus(status);
}

function postByXhr({ url, headers, signal, content, onProgress }: FileUpload & { readonly content: unknown }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    const lost = () => reject(connectionLost(signal.reason));
    xhr.upload.onprogress = ({ loaded, total }) => onProgress?.({ sentBytes: loaded, totalBytes: total });
    xhr.onload = () => {
      try {
        resolve(readAnswer(xhr.status, xhr.responseText));
      } catch (error) {
        reject(error);
      }
    };
    xhr.onerror = lost;
    xhr.onabort = lost;
    xhr.onloadend = () => signal.removeEventListener('abort', abort);
    xhr.open('POST', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    signal.addEventListener('abort', abort, { once: true });
    xhr.send(content as XMLHttpRequestBodyInit);
    if (signal.aborted) xhr.abort();
  });
}

function isStream(content: unknown): content is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return isRecord(content) && ('getReader' in content || Symbol.asyncIterator in content);
}

function countedStream(content: FileContent, onProgress: FileUpload['onProgress']): ReadableStream<Uint8Array<ArrayBuffer>> {
  const totalBytes = content instanceof Blob ? content.size : isStream(content) ? undefined : content.byteLength;
  const pieces = piecesOf(content);
  let sentBytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done === true) {
        controller.close();
        return;
      }
      sentBytes += next.value.byteLength;
      controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
      onProgress?.({ sentBytes, totalBytes });
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

async function* piecesOf(content: FileContent): AsyncGenerator<Uint8Array, void, undefined> {
  if (content instanceof Blob) {
    for (let at = 0; at < content.size; at += SLICE_BYTES) yield new Uint8Array(await content.slice(at, at + SLICE_BYTES).arrayBuffer());
  } else if (!isStream(content)) yield* slicesOf(content instanceof ArrayBuffer ? new Uint8Array(content) : content);
  else for await (const piece of Symbol.asyncIterator in content ? content : readStream(content)) yield* slicesOf(piece);
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

/** Where streams cannot be iterated, such as in Safari. */
async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** The same answer; `done` is called when its body has been read, has failed, or is not wanted any more. */
export function whenRead(response: Response, done: () => void): Response {
  // On React Native there is no stream to a body, and it has been read already.
  if (!response.body) {
    done();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await reader.read();
        if (!next.done) return controller.enqueue(next.value);
        controller.close();
      } catch (cause) {
        controller.error(cause instanceof VerbatimError ? cause : connectionLost(cause));
      }
      done();
    },
    async cancel(reason) {
      done();
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body as BodyInit, { status, statusText, headers });
}

function inBrowser(): boolean {
  return typeof XMLHttpRequest === 'function';
}

/** What can be sent from here: browsers send no stream over HTTP/1, so there it is collected first. */
export async function toSendable(content: FileContent): Promise<FileContent> {
  return inBrowser() && isStream(content) ? new Response(countedStream(content, undefined)).blob() : content;
}

/** A content that can be sent a second time. */
export function isRepeatable(content: FileContent): boolean {
  return !isStream(content);
}
