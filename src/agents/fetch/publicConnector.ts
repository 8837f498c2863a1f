import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { HostAddress, HostLookup } from './hostLookup.ts';
import { isPublicAddress } from './publicAddress.ts';

export interface ConnectorOptions {
  /** Whether a host may be at any address. */
  readonly isAllowed: (hostname: string, port: string) => boolean;
  readonly lookup: HostLookup | undefined;
  readonly timeoutMs: number;
}

/**
 * Connects to public addresses only. A name is looked up once, and the socket gets the very addresses that were looked at: a name server that
 * answers differently the second time is not asked a second time. One address that is not public refuses the name.
 */
export function publicConnector({ isAllowed, lookup = lookupAll, timeoutMs }: ConnectorOptions): buildConnector.connector {
  const connectTo = (mayBe: (address: string) => boolean): buildConnector.connector =>
    buildConnector({
      timeout: timeoutMs,
      lookup: checkedLookup(lookup, mayBe),
    });
  const toPublic = connectTo(isPublicAddress);
  const toAny = connectTo(() => true);
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    const allowed = isAllowed(hostname, portOf(options));
    // No address is looked up for what is one.
    if (!allowed && isIP(hostname) !== 0 && !isPublicAddress(hostname)) return callback(notPublic(hostname), null);
    return (allowed ? toAny : toPublic)(options, callback);
  };
}

function portOf({ port, protocol }: buildConnector.Options): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

function checkedLookup(lookup: HostLookup, mayBe: (address: string) => boolean): LookupFunction {
  return (hostname, { all, family }, callback) => {
    lookup(hostname).then(
      (found) => {
        if (!found.every(({ address }) => mayBe(address))) return callback(notPublic(hostname), '', 0);
        const fitting = found.filter((one) => family === undefined || family === 0 || `${family}`.endsWith(`${one.family}`));
        const [first] = fitting;
        if (first === undefined) return callback(new Error('the name has no address'), '', 0);
        return all === true ? callback(null, [...fitting]) : callback(null, first.address, first.family);
      },
      (cause: NodeJS.ErrnoException) => callback(cause, '', 0),
    );
  };
}

async function lookupAll(hostname: string): Promise<readonly HostAddress[]> {
  const found = await systemLookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}

/** Says nothing of the address: whoever asked could map a network by it. */
function notPublic(hostname: string): VerbatimError {
  return new VerbatimError(
    'NOT_ALLOWED',
    `"${hostname.slice(0, 200)}" is not a public address. Name it in \`allow\` when it is one of your own.`,
  );
}
