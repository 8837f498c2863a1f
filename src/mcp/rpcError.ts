import { ERROR_CODES } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** An HTTP request that no session answers, as JSON-RPC says it. What is not ours says nothing of itself. */
export function rpcErrorOf(error: unknown): { readonly status: number; readonly code: number; readonly message: string } {
  if (error instanceof VerbatimError) {
    const status = ERROR_CODES[error.code].http;
    // -32600 is JSON-RPC's invalid request, the others are servers' own.
    return { status, code: status === 400 ? -32_600 : status === 404 ? -32_001 : -32_000, message: error.message };
  }
  // Fastify's, about a body.
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode === 413) return { status: 413, code: -32_000, message: 'The request is too large.' };
  if (statusCode !== undefined && statusCode < 500) return { status: statusCode, code: -32_600, message: 'The request could not be read.' };
  return { status: 500, code: -32_603, message: 'Something went wrong inside the server.' };
}
