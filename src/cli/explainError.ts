import { VerbatimError } from '../protocol/verbatimError.ts';
import { withoutSecrets } from '../server/config/secret.ts';
import { plainText } from './plainText.ts';

/** An error as a sentence for the person at the terminal, without secrets: plain, for a server's message may hold a model's words. The stack too with `VERBATIM_DEBUG`. */
export function explainError(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  return plainText(withoutSecrets(explain(error, env)));
}

function explain(error: unknown, env: NodeJS.ProcessEnv): string {
  if (env.VERBATIM_DEBUG && error instanceof Error) return inFull(error);
  if (error instanceof VerbatimError && error.code === 'UNAUTHENTICATED') {
    const remedy = 'Give a good one with --token or VERBATIM_TOKEN; whoever has a password logs in with --user NAME.';
    return `${error.message}. ${remedy} (${error.code})`;
  }
  if (error instanceof VerbatimError) return `${error.message} (${error.code})`;
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${address} is taken by another program. Choose another with --port, or --port 0 for a free one.`;
    case 'EACCES':
      return port === undefined ? error.message : `Port ${port} is not yours to open. Choose one above 1023 with --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address ?? 'The host'} is no address of this machine. Choose another with --host.`;
    default:
      return error.message;
  }
}

function inFull(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.stack}\ncaused by ${inFull(cause)}` : `${error.stack}`;
}
