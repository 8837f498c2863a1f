import { VerbatimError } from '../protocol/verbatimError.ts';

/** Where a transport connects: no query, no trailing slash. */
export interface Endpoint {
  readonly ws: string;
  readonly http: string;
  /** Beside them, over HTTP. */
  readonly files: string;
  /** Host and port, to be named to people. */
  readonly address: string;
}

/**
 * Reads what `createClient({ url })` takes: an origin of ws, wss, http or https, with `/trpc` added where there is no path.
 * Throws `BAD_INPUT`. By hand, since React Native's `URL` cannot change a protocol.
 */
export function parseEndpoint(url: string): Endpoint {
  const match = /^(?:ws|http)(s?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(url);
  if (match === null) {
    throw new VerbatimError('BAD_INPUT', 'url must look like wss://host or https://host, without user, query or fragment');
  }
  const [, secure = '', host = '', path = ''] = match;
  const rest = `${secure.toLowerCase()}://${host}${path.replace(/\/+$/, '') || '/trpc'}`;
  return { ws: `ws${rest}`, http: `http${rest}`, files: `http${rest.replace(/\/[^/]*$/, '/files')}`, address: host };
}
