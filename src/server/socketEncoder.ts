import { VerbatimError } from '../protocol/verbatimError.ts';

let startedId: string | undefined;

/** The request id, as JSON, of the `started` frame that was encoded last; once. */
export function takeStartedId(): string | undefined {
  const id = startedId;
  startedId = undefined;
  return id;
}

/**
 * The encoder of tRPC's socket adapter. Besides encoding, it is where a subscription learns its request id; besides decoding, it refuses
 * frames that nest so deep that whatever walks them would overflow.
 */
export function socketEncoder(maxDepth: number) {
  return {
    encode(message: unknown): string {
      const { id, result } = message as { readonly id?: unknown; readonly result?: { readonly type?: string } };
      if (result?.type === 'started') startedId = JSON.stringify(id);
      return JSON.stringify(message);
    },
    decode(data: string | ArrayBuffer | Uint8Array): unknown {
      if (typeof data !== 'string') throw badFrame('Send text frames: this one is binary.');
      if (nestsDeeper(data, maxDepth)) throw badFrame(`This frame nests deeper than ${maxDepth} levels.`);
      return JSON.parse(data);
    },
  };
}

function badFrame(message: string): VerbatimError {
  return new VerbatimError('BAD_INPUT', message);
}

/** Counts brackets outside strings; exact for JSON, and what is not JSON fails afterwards. */
export function nestsDeeper(json: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index);
    if (inString) {
      if (unit === 0x5c) index++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return false;
}
