import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:http';
import { createSecureContext, type SecureContextOptions, Server as TlsServer } from 'node:tls';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Logger } from './serverOptions.ts';

/** A certificate for HTTPS and WSS. */
export interface TlsOptions {
  /** In PEM, with those that vouch for it behind it: the text, or the path of a file. A file is read anew when it changes. */
  readonly cert: string;
  /** Its private key, likewise. */
  readonly key: string;
}

/** How often files are looked at. By their status and not by a watch: links that are swapped, and disks of other machines, tell nobody. */
const LOOK_INTERVAL_MS = 1_000;

/** Throws `CONFIG_INVALID` when a file cannot be read, or the two do not belong together. */
export function readCertificate(tls: TlsOptions): SecureContextOptions {
  const context: SecureContextOptions = { cert: pemOf('cert', tls.cert), key: pemOf('key', tls.key), minVersion: 'TLSv1.2' };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new VerbatimError(
      'CONFIG_INVALID',
      'The certificate of `tls` cannot be used: `cert` and `key` must be PEM and belong together.',
      { cause },
    );
  }
  return context;
}

export interface Certificate {
  /** Reads it again: new connections get it, those there are go on. Throws `CONFIG_INVALID`, and then the one before it stays. */
  reload(): void;
  close(): void;
}

/** Keeps the certificate of a server that listens up to date. Call `close` at the end. */
export function keepCertificate(
  server: Server,
  { tls, logger }: { readonly tls: TlsOptions | undefined; readonly logger: Logger },
): Certificate {
  if (tls === undefined || !(server instanceof TlsServer)) return { reload: () => {}, close: () => {} };
  const reload = (): void => server.setSecureContext(readCertificate(tls));
  const changed = (): void => {
    try {
      reload();
      logger.info({}, 'the certificate was read anew');
    } catch (cause) {
      // The other of the two files may follow.
      logger.warn({ err: cause }, 'the new certificate cannot be used; the one before it stays');
    }
  };
  const files = [tls.cert, tls.key].filter((given) => !isPem(given));
  for (const file of files) watchFile(file, { interval: LOOK_INTERVAL_MS, persistent: false }, changed);
  return {
    reload,
    close() {
      for (const file of files) unwatchFile(file, changed);
    },
  };
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

function pemOf(name: 'cert' | 'key', given: string): string {
  if (isPem(given)) return given;
  try {
    return readFileSync(given, 'utf8');
  } catch (cause) {
    throw new VerbatimError('CONFIG_INVALID', `The file of tls.${name} cannot be read: "${given.slice(0, 200)}".`, { cause });
  }
}
