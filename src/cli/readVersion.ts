import { readFileSync } from 'node:fs';

/** Of the package that runs. */
export function readVersion(): string {
  // The same file from src/cli and from dist/cli; it is our own.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}
