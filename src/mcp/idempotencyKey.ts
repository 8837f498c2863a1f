/** In the `_meta` of a call: the same for the same call made again. A server of ours answers it by the same run. */
export const IDEMPOTENCY_KEY = 'verbatim/idempotencyKey';
