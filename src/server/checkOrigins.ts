import { VerbatimError } from '../protocol/verbatimError.ts';

/** Throws `CONFIG_INVALID` for what no browser would send, which would match nothing, with what to write instead. */
export function checkOrigins({
  origins = [],
  hosts = [],
}: {
  readonly origins?: readonly string[];
  readonly hosts?: readonly string[];
}): void {
  for (const origin of origins) {
    const wanted = originOf(origin);
    if (wanted !== origin) throw invalid('origins', origin, wanted ?? 'https://app.example.com, each origin by itself');
  }
  for (const host of hosts) {
    const wanted = hostOf(host);
    if (wanted !== host.toLowerCase()) throw invalid('hosts', host, wanted ?? 'api.example.com, each host by itself');
  }
}

/** As a browser writes it: scheme, host, and a port that is not the scheme's own. Schemes of apps have no more of a form. */
function originOf(text: string): string | undefined {
  const url = parsed(text.includes('://') ? text : `https://${text}`);
  if (url === undefined) return undefined;
  const { protocol, host, origin } = url;
  return origin === 'null' ? `${protocol}//${host}` : origin;
}

/** Without scheme, port and path. */
function hostOf(text: string): string | undefined {
  return parsed(text.includes('://') ? text : `http://${text}`)?.hostname;
}

function parsed(text: string): URL | undefined {
  // A URL would take them for a name.
  if (/[*\s,]/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === '' || (url.hostname === 'null' && !text.includes('.')) ? undefined : url;
}

function invalid(name: 'origins' | 'hosts', given: string, wanted: string): VerbatimError {
  // It may hold a password.
  const shown = /[@]/.test(given) ? 'one with a password' : `"${given.slice(0, 200)}"`;
  const what = name === 'origins' ? 'no origin as browsers send it' : 'no name of a host';
  return new VerbatimError('CONFIG_INVALID', `\`${name}\` has ${shown}, which is ${what}. Write ${wanted}.`);
}
