import type { Json } from './json.ts';

/** Something that the application or the server tells those who are there now. It is in no log: who is not there does not get it. */
export interface Notice {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What it is about, such as `maintenance`: the application's own word. */
  readonly kind: string;
  readonly text?: string;
  readonly data?: Json;
}

/** Somebody who reads a thread now, and lets others know. */
export interface Reader {
  readonly principalId: string;
  /** When the first of its watches began, in epoch milliseconds. */
  readonly since: number;
}
