import { request } from 'node:https';
import { networkCause } from '../client/networkCause.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** How long a certificate may take to be looked at. */
const TIMEOUT_MS = 5_000;

/** What Node says of a certificate that nobody whom it trusts has signed. */
const UNTRUSTED: readonly string[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
/** What is wrong with one besides. */
const INVALID: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID'];

/** Why a server could not be reached, and what to do about it. A WebSocket does not say: over TLS its certificate is looked at once more. */
export async function notThere(url: string, cause: unknown): Promise<VerbatimError> {
  const problem = await certificateProblem(url);
  if (problem === undefined) {
    const why = reasonOf(cause);
    const message = `No Verbatim server answers at ${url}${why === '' ? '' : ` (${why})`}. Start one with "verbatim serve", or name another with --url.`;
    return new VerbatimError('CONNECTION_LOST', message, { cause });
  }
  const what = `The certificate of ${url} is not good: ${problem.message}.`;
  const remedy = UNTRUSTED.includes(problem.code)
    ? 'When it is yours, name the PEM file of whoever signed it in the environment: NODE_EXTRA_CA_CERTS=/path/to/ca.pem.'
    : 'Renew it on the server, or name the server by a host that it is for.';
  return new VerbatimError('CONNECTION_LOST', `${what} ${remedy}`, { cause: problem });
}

/** Of what the client reports, or of what `fetch` throws. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof VerbatimError)) return networkCause(cause);
  const { details } = cause;
  const reason = typeof details === 'object' && details !== null && 'reason' in details ? details.reason : undefined;
  return typeof reason === 'string' ? reason : networkCause(cause.cause);
}

async function certificateProblem(url: string): Promise<(Error & { readonly code: string }) | undefined> {
  if (!/^(https|wss):/.test(url)) return undefined;
  return new Promise((resolve) => {
    const asked = request(url.replace(/^wss:/, 'https:'), { method: 'HEAD', agent: false, timeout: TIMEOUT_MS });
    asked.on('response', (response) => {
      response.resume();
      resolve(undefined);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      resolve([...UNTRUSTED, ...INVALID].includes(code) ? Object.assign(error, { code }) : undefined);
    });
    asked.end();
  });
}
