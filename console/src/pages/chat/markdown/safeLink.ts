const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** The address when a link may lead there: elsewhere, whole, and nothing that a browser would carry out. */
export function safeLink(href: string): string | undefined {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined; // Not whole: to a page of this server, where the text means nothing.
  }
  return SCHEMES.has(url.protocol) ? url.href : undefined;
}
