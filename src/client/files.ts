import type { Clock } from '../protocol/clock.ts';
import type { FileInfo, FileRef } from '../protocol/file.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import type { Page } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { CallOptions, Calls } from './calls.ts';
import type { TokenSource } from './connection.ts';
import {
  type FileContent,
  type FileRequest,
  getFile,
  isRepeatable,
  type Progress,
  postFile,
  toSendable,
  whenRead,
} from './transportFiles.ts';

export type { FileContent, Progress } from './transportFiles.ts';

export interface UploadOptions {
  /** To show; a `File` has one of its own. */
  readonly name?: string | undefined;
  /** Media type; a `Blob` may have one of its own. The server tells it from the bytes, and takes this where they do not tell. */
  readonly type?: string | undefined;
  /** Gives up: the promise rejects with `CANCELLED`, and the server keeps nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Then `TIMEOUT`. Default: what a server allows unless it says otherwise, 5 minutes. */
  readonly timeoutMs?: number | undefined;
  /** Never goes back: when a refused token makes it begin anew, nothing is told until it is further than before. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The caller's files, and those of the caller's threads. */
export interface Files {
  /**
   * Sends a file; give its id to `send({ attachments })`. Rejects with `FILE_TOO_LARGE`, `QUOTA_EXCEEDED`, `FILE_TYPE_REFUSED`, `SERVER_FULL` and their like. A stream
   * can be sent once: when its token is refused, that is the end of it. (Browsers cannot send one as it comes: there it is collected first.)
   */
  upload(content: FileContent, options?: UploadOptions): Promise<FileRef>;
  get(fileId: string, options?: CallOptions): Promise<FileInfo>;
  /** Newest first. */
  list(page?: { readonly limit?: number; readonly pageToken?: string }, options?: CallOptions): Promise<Page<FileInfo>>;
  /**
   * The file as an answer whose body is still to be read, by `blob()`, `arrayBuffer()`, `text()` or as a stream. `signal` ends the reading, too;
   * `timeoutMs` is for its beginning.
   */
  download(fileId: string, options?: CallOptions): Promise<Response>;
  /** For good: messages that refer to it go on saying what it was. */
  delete(fileId: string, options?: CallOptions): Promise<void>;
}

export interface FilesOptions {
  readonly url: string;
  readonly token: TokenSource | undefined;
  readonly fetch: typeof fetch;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** `close` gives up all that is under way, and all that comes later, with that error. */
export function createFiles(options: FilesOptions): { readonly files: Files; readonly close: (error: VerbatimError) => void } {
  const { url, calls, token, clock } = options;
  const closed = new AbortController();

  async function request<T>(
    { signal, timeoutMs, mayAskAgain, what }: { signal: AbortSignal | undefined; timeoutMs: number; mayAskAgain: boolean; what: string },
    ask: (request: Omit<FileRequest, 'url'>) => Promise<T>,
    /** Makes of the answer what is returned; what it does with `finish` ends the request, else that ends now. */
    deliver: (answer: T, finish: () => void) => T = (answer, finish) => {
      finish();
      return answer;
    },
  ): Promise<T> {
    const given = new AbortController();
    const fail = (error: VerbatimError) => given.abort(error);
    const onAbort = () => fail(new VerbatimError('CANCELLED', `${what} was given up by its caller`, { cause: signal?.reason }));
    const onClose = () => fail(closed.signal.reason as VerbatimError);
    if (closed.signal.aborted) onClose();
    else if (signal?.aborted) onAbort();
    const stopTimer = clock.after(timeoutMs, () => fail(new VerbatimError('TIMEOUT', `${what} took longer than ${timeoutMs} ms`)));
    closed.signal.addEventListener('abort', onClose, { once: true });
    signal?.addEventListener('abort', onAbort, { once: true });
    const attempt = async (refresh: boolean): Promise<T> => {
      const current = typeof token === 'function' ? await token({ refresh }) : token;
      given.signal.throwIfAborted();
      return ask({ signal: given.signal, headers: current === undefined ? {} : { authorization: `Bearer ${current}` } });
    };
    const finish = () => {
      closed.signal.removeEventListener('abort', onClose);
      signal?.removeEventListener('abort', onAbort);
    };
    try {
      const answer = await attempt(false).catch((error: unknown) => {
        const refused = error instanceof VerbatimError && error.code === 'UNAUTHENTICATED';
        if (refused && mayAskAgain && typeof token === 'function') return attempt(true);
        throw error;
      });
      return deliver(answer, finish);
    } catch (cause) {
      finish();
      if (given.signal.aborted) throw given.signal.reason;
      throw cause instanceof VerbatimError ? cause : new VerbatimError('CONNECTION_LOST', 'There is no token', { cause });
    } finally {
      stopTimer();
    }
  }

  const files: Files = {
    async upload(content, { name, type, signal, timeoutMs = DEFAULT_LIMITS.uploadTimeoutMs, onProgress } = {}) {
      const own = content as Partial<File>;
      const shownName = name ?? (typeof own.name === 'string' ? own.name : undefined);
      const declared = type ?? (typeof own.type === 'string' && own.type !== '' ? own.type : 'application/octet-stream');
      const target = shownName === undefined ? url : `${url}?name=${encodeURIComponent(shownName.toWellFormed())}`;
      const sendable = await toSendable(content);
      const mayAskAgain = isRepeatable(sendable);
      const tell = onProgress === undefined ? undefined : onlyForward(onProgress);
      // The edge: the protocol says what it answers.
      return request({ signal, timeoutMs, mayAskAgain, what: 'The upload' }, ({ headers, signal }) =>
        postFile(
          { url: target, headers: { ...headers, 'content-type': declared }, signal, content: sendable, onProgress: tell },
          options.fetch,
        ),
      ) as Promise<FileRef>;
    },
    get: (fileId, callOptions) => calls.query('files.get', { fileId }, callOptions) as Promise<FileInfo>,
    list: (page, callOptions) => calls.query('files.list', page, callOptions) as Promise<Page<FileInfo>>,
    download: (fileId, { signal, timeoutMs = options.timeoutMs } = {}) =>
      request(
        { signal, timeoutMs, mayAskAgain: true, what: 'The download' },
        (asked) => getFile({ ...asked, url: `${url}/${encodeURIComponent(fileId)}` }, options.fetch),
        whenRead,
      ),
    delete: async (fileId, callOptions) => void (await calls.command('files.delete', { fileId }, callOptions)),
  };
  return { files, close: (error) => closed.abort(error) };
}

function onlyForward(onProgress: (progress: Progress) => void): (progress: Progress) => void {
  let furthest = 0;
  return (progress) => {
    if (progress.sentBytes <= furthest) return;
    furthest = progress.sentBytes;
    onProgress(progress);
  };
}
