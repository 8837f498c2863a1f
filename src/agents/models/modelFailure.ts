import { APIConnectionError, APIError } from 'openai';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { retryAfterMs } from './retryDelay.ts';

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
  if (error instanceof APIError && error.status !== undefined) return failureOfStatus(error.status, error);
  return new VerbatimError('MODEL_FAILED', 'The model call failed.', { cause: error });
}

/** undici's parser names its errors so, one or two causes down. */
function isNotHttp(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'HTTPParserError') return true;
  }
  return false;
}

/** An error that came as part of the stream, after the headers had promised an answer. */
export function failureInStream(error: unknown): VerbatimError {
  const said = new APIError(undefined, typeof error === 'object' && error !== null ? error : { message: error }, undefined, undefined);
  const status = Number(said.code);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return failureOfStatus(status, said);
  if (says(said, ['rate_limit', 'too_many_requests', 'insufficient_quota'])) return failureOfStatus(429, said);
  if (says(said, ['authentication', 'permission', 'invalid_api_key'])) return failureOfStatus(401, said);
  if (says(said, ['invalid_request', 'content_filter', 'content_policy', 'context_length'])) return failureOfStatus(400, said);
  return failureOfStatus(500, said);
}

function failureOfStatus(status: number, cause: APIError): VerbatimError {
  const waitMs = retryAfterMs(cause.headers);
  const options = {
    cause,
    ...(waitMs === undefined ? {} : { details: { retryAfterMs: waitMs } }),
    // OpenAI says so when it knows that the same request will fail again.
    ...(cause.headers?.get('x-should-retry') === 'false' && { retryable: false }),
  };
  if (status === 401 || status === 403) {
    return new VerbatimError(
      'MODEL_UNAUTHORIZED',
      'The model refused the API key: it is missing, wrong, or not allowed to use this model.',
      options,
    );
  }
  if (status === 402 || says(cause, ['insufficient_quota'])) {
    const message = "The provider's account has no credit left for this model.";
    return new VerbatimError('MODEL_RATE_LIMITED', message, { ...options, retryable: false });
  }
  if (status === 429)
    return new VerbatimError('MODEL_RATE_LIMITED', 'The model is asked too often at the moment. Try again later.', options);
  if (status === 408) return new VerbatimError('MODEL_TIMEOUT', 'The model did not answer in time.', options);
  if (status >= 500 || status === 409 || status === 425) {
    return new VerbatimError('MODEL_UNAVAILABLE', 'The model is not available at the moment. Try again later.', options);
  }
  if (says(cause, ['content_filter', 'content_policy'])) {
    return new VerbatimError('MODEL_REFUSED', 'The model refused this conversation.', options);
  }
  if (status === 404) {
    return new VerbatimError('MODEL_BAD_REQUEST', 'The provider does not know this model, or its base URL is wrong.', options);
  }
  if (says(cause, ['context_length'])) {
    return new VerbatimError('MODEL_BAD_REQUEST', 'The conversation is longer than the model can read.', options);
  }
  return new VerbatimError('MODEL_BAD_REQUEST', 'The model did not accept the request.', options);
}

function says(error: APIError, words: readonly string[]): boolean {
  const said = `${error.code ?? ''} ${error.type ?? ''}`;
  return words.some((word) => said.includes(word));
}

/**
 * A 400 or 422 that may be about `stream_options`, which older servers do not know. Many say so in words of their own, or not at all;
 * only one that names another cause is certainly not.
 */
export function mayRefuseStreamOptions(error: unknown): boolean {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false;
  if (/stream_options|include_usage/.test(`${error.message} ${JSON.stringify(error.error)}`)) return true;
  return !error.param && !says(error, ['content_', 'context_length', 'model_not_found']);
}
