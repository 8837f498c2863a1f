import { VerbatimError } from '../protocol/verbatimError.ts';

let startedId: string | undefined;

/** The request id, as JSON, of the `started` frame that was encoded last; once. */
export function takeStartedId(): string | undefined {
  const id = startedId;
  startedId = undefined;
  return id;
}

/** Characters of a request id, which is kept as long as its call is under way. */
const MAX_ID_LENGTH = 100;

/** By the inputs they brought: the bytes of frames, of each call its part. */
const frameBytes = new WeakMap<object, number>();

/** How much of a frame an input of a call was; nothing for what is no object, and is short or refused. */
export function frameBytesOf(input: unknown): number {
  return isObject(input) ? (frameBytes.get(input) ?? 0) : 0;
}

/**
 * The encoder of tRPC's socket adapter. Besides encoding, it is where a subscription learns its request id; besides decoding, it refuses
 * frames that nest so deep that whatever walks them would overflow, and knows how large they were.
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
      const frame: unknown = JSON.parse(data);
      const calls = Array.isArray(frame) ? frame : [frame];
      for (const call of calls) admit(call, data.length / calls.length);
      return frame;
    },
  };
}

/** Of what tRPC keeps with a call, only the input may be large, and there is one of it. */
function admit(call: unknown, bytes: number): void {
  if (!isObject(call)) return;
  const { id, params } = call as { readonly id?: unknown; readonly params?: unknown };
  if (typeof id === 'string' && id.length > MAX_ID_LENGTH) throw badFrame(`An id has at most ${MAX_ID_LENGTH} characters.`);
  if (!isObject(params)) return;
  const given = params as { lastEventId?: unknown; readonly input?: unknown };
  const { json, meta } = (given.input ?? {}) as { readonly json?: unknown; readonly meta?: { readonly values?: unknown } | null };
  if (!isObject(json)) return;
  frameBytes.set(json, bytes);
  if (typeof given.lastEventId !== 'string' || Array.isArray(json)) return;
  // tRPC would copy the input to add it, and keep both.
  Object.assign(json, { lastEventId: given.lastEventId });
  if (isObject(meta?.values)) Reflect.deleteProperty(meta.values, 'lastEventId');
  delete given.lastEventId;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
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
