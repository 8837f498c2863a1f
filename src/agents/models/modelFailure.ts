import { APIConnectionError, APIError } from 'openai';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Refusal } from './optionalFields.ts';
import { type HeadersLike, retryAfterMs } from './retryDelay.ts';

/**
 * What a failed call means, in our codes and in words for people. The provider's own words, which may hold a key, a URL or an address,
 * stay in `cause`.
 */
export function modelFailure(error: unknown): VerbatimError {
  if (error instanceof VerbatimError) return error;
  if (error instanceof APIConnectionError) {
    if (isNotHttp(error))
      return new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause: error });
    return new VerbatimError('MODEL_UNREACHABLE', 'The model could not be reached.', { cause: error });
  }
  if (error instanceof APIError && error.status !== undefined)
    return failureOfStatus(error.status, { said: saidBy(error), headers: error.headers, cause: error });
  return new VerbatimError('MODEL_FAILED', 'The model call failed.', { cause: error });
}

/** undici's parser names its errors so, one or two causes down. */
function isNotHttp(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'HTTPParserError') return true;
  }
  return false;
}

/** What a provider said about a call that failed. */
export interface ProviderError {
  /** Its own words for the kind of error: codes and types, of whatever spelling. */
  readonly said: string;
  readonly headers?: HeadersLike | undefined;
  readonly cause: unknown;
}

/** An error that came as part of the stream, after the headers had promised an answer. */
export function failureInStream(error: unknown): VerbatimError {
  const cause = new APIError(undefined, typeof error === 'object' && error !== null ? error : { message: error }, undefined, undefined);
  const said = saidBy(cause);
  const status = Number(cause.code);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return failureOfStatus(status, { said, cause });
  return failureOfStatus(statusOf(said), { said, cause });
}

/** What an error without a status would have had as one. */
function statusOf(said: string): number {
  if (/rate_limit|too_many_requests|insufficient_quota/.test(said)) return 429;
  if (/authentication|permission|invalid_api_key/.test(said)) return 401;
  if (/billing/.test(said)) return 402;
  if (/invalid_|image_|content_filter|_policy|context_length/.test(said)) return 400;
  return 500;
}

export function failureOfStatus(status: number, { said, headers, cause }: ProviderError): VerbatimError {
  const waitMs = retryAfterMs(headers);
  const options = {
    cause,
    ...(waitMs === undefined ? {} : { details: { retryAfterMs: waitMs } }),
    // OpenAI says so when it knows that the same request will fail again.
    ...(headers?.get('x-should-retry') === 'false' && { retryable: false }),
  };
  if (status === 401 || status === 403) {
    return new VerbatimError(
      'MODEL_UNAUTHORIZED',
      'The model refused the API key: it is missing, wrong, or not allowed to use this model.',
      options,
    );
  }
  if (status === 402 || said.includes('insufficient_quota')) {
    const message = "The provider's account has no credit left for this model.";
    return new VerbatimError('MODEL_RATE_LIMITED', message, { ...options, retryable: false });
  }
  if (status === 429)
    return new VerbatimError('MODEL_RATE_LIMITED', 'The model is asked too often at the moment. Try again later.', options);
  if (status === 408) return new VerbatimError('MODEL_TIMEOUT', 'The model did not answer in time.', options);
  if (status >= 500 || status === 409 || status === 425) {
    return new VerbatimError('MODEL_UNAVAILABLE', 'The model is not available at the moment. Try again later.', options);
  }
  if (/content_filter|_policy/.test(said)) return new VerbatimError('MODEL_REFUSED', 'The model refused this conversation.', options);
  if (status === 404) {
    return new VerbatimError('MODEL_BAD_REQUEST', 'The provider does not know this model, or its base URL is wrong.', options);
  }
  if (said.includes('context_length')) {
    return new VerbatimError('MODEL_BAD_REQUEST', 'The conversation is longer than the model can read.', options);
  }
  return new VerbatimError('MODEL_BAD_REQUEST', 'The model did not accept the request.', options);
}

/** What a 400 or 422 says of the request, to find out whether an optional field is at fault. Undefined for all other errors. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const namesCause = Boolean(error.param) || /content_|_policy|context_length|model_not_found/.test(saidBy(error));
  return { text: `${error.message} ${JSON.stringify(error.error)}`, namesCause };
}

function saidBy(error: APIError): string {
  return `${error.code ?? ''} ${error.type ?? ''}`;
}
