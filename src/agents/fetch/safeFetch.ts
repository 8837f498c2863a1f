import { Agent, type RequestInit as UndiciInit, type Response as UndiciResponse, fetch as undiciFetch } from 'undici';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { boundedBody } from './boundedBody.ts';
import type { HostLookup } from './hostLookup.ts';
import { publicConnector } from './publicConnector.ts';
import { type Hop, nextHop } from './redirect.ts';

/** Each can be set by the option of the same name. */
export const SAFE_FETCH_DEFAULTS = {
  /** Of the body, decompressed. */
  maxBytes: 5 * 1024 * 1024,
  /** From the call to the end of the body, redirects included. */
  timeoutMs: 30_000,
  maxRedirects: 5,
} as const;

export type SafeFetchOptions = { readonly [Limit in keyof typeof SAFE_FETCH_DEFAULTS]?: number } & {
  /** Hosts of one's own, which may be at any address: `intranet.example.com`, or with the one port, `10.0.0.5:8080`. */
  readonly allow?: readonly string[];
  /** How names become addresses. Default: as the system does it. */
  readonly lookup?: HostLookup;
};

export interface SafeFetchInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  /** Whole, so that it can be sent again where a redirect asks for it. */
  readonly body?: string | Uint8Array<ArrayBuffer> | URLSearchParams;
  readonly signal?: AbortSignal;
}

/** As `fetch`, for URLs that others thought of. What it refuses is thrown as a `VerbatimError`. */
export type SafeFetch = (url: string | URL, init?: SafeFetchInit) => Promise<Response>;

/**
 * Makes a `fetch` for tools whose URLs come from a model or a user: it reaches public addresses and the hosts of `allow`, and nothing else of
 * the network it runs in. The address that was looked at is the one that is connected to, and each redirect is looked at as the first URL was;
 * on the way to another origin it loses `authorization` and cookies, and none leads from https to http.
 *
 * The call rejects with `NOT_ALLOWED` for what it may not reach, `BAD_INPUT` for a URL that is none, and `TIMEOUT`; the body fails with `TIMEOUT`
 * and `OUTPUT_TOO_LARGE` as it is read. The reason of an aborted signal is thrown as it is, what goes wrong on the network as `fetch` throws it.
 */
export function safeFetch(options: SafeFetchOptions = {}): SafeFetch {
  const { maxBytes, timeoutMs, maxRedirects } = { ...SAFE_FETCH_DEFAULTS, ...options };
  const allowed = new Set((options.allow ?? []).map((host) => host.toLowerCase()));
  const connect = publicConnector({
    isAllowed: (hostname, port) => allowed.has(hostname) || allowed.has(`${hostname}:${port}`) || allowed.has(`[${hostname}]:${port}`),
    lookup: options.lookup,
    timeoutMs,
  });
  // Idle sockets keep no process, and go by themselves after four seconds.
  const dispatcher = new Agent({ connect, maxHeaderSize: 16 * 1024 });

  return async (url, init = {}) => {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = init.signal === undefined ? late : AbortSignal.any([init.signal, late]);
    const failed = (cause: unknown): unknown => {
      if (init.signal?.aborted) return init.signal.reason;
      if (late.aborted) return new VerbatimError('TIMEOUT', `Fetching took longer than ${timeoutMs} ms.`, { cause });
      return refusalIn(cause) ?? cause;
    };
    let hop: Hop = { url: checkedUrl(url), method: init.method ?? 'GET', headers: new Headers(init.headers), body: init.body };
    for (let redirects = 0; ; redirects++) {
      let response: UndiciResponse;
      try {
        const { method, headers, body } = hop;
        const asked: UndiciInit = { method, headers: [...headers], body: body ?? null, signal, redirect: 'manual', dispatcher };
        response = await undiciFetch(hop.url, asked);
      } catch (cause) {
        throw failed(cause);
      }
      const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
      if (location === null) return answerOf(response, { url: hop.url, redirected: redirects > 0, maxBytes, failed });
      await response.body?.cancel();
      if (redirects === maxRedirects) throw new VerbatimError('NOT_ALLOWED', `The URL redirects more than ${maxRedirects} times.`);
      hop = nextHop(hop, { status: response.status, to: checkedUrl(location, hop.url) });
    }
  };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

function checkedUrl(given: string | URL, base?: URL): URL {
  if (!URL.canParse(given.toString(), base))
    throw new VerbatimError('BAD_INPUT', 'This is not a URL that can be fetched. Give a whole one.');
  const url = new URL(given.toString(), base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new VerbatimError('NOT_ALLOWED', `Only http: and https: can be fetched, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new VerbatimError('NOT_ALLOWED', 'A URL with a user name or a password in it is not fetched.');
  }
  return url;
}

interface AnswerOptions {
  readonly url: URL;
  readonly redirected: boolean;
  readonly maxBytes: number;
  readonly failed: (cause: unknown) => unknown;
}

/** The platform's own response: undici's is of another class. */
function answerOf(response: UndiciResponse, { url, redirected, maxBytes, failed }: AnswerOptions): Response {
  const { status, statusText, headers } = response;
  const body = response.body === null || WITHOUT_BODY.has(status) ? null : boundedBody(response.body, maxBytes, failed);
  const answer = new Response(body, { status, statusText, headers: [...headers] });
  // Its constructor takes neither.
  Object.defineProperties(answer, { url: { value: url.href }, redirected: { value: redirected } });
  return answer;
}

/** What the connector refused, under what undici makes of it. */
function refusalIn(cause: unknown): VerbatimError | undefined {
  for (let at = cause; at instanceof Error; at = at.cause) if (at instanceof VerbatimError) return at;
  return undefined;
}
