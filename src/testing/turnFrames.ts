import type { ModelServerQuirks } from './modelServerQuirks.ts';
import type { ScriptedTurn } from './script.ts';

export interface FrameOptions {
  readonly id: string;
  readonly model: string;
  readonly quirks: ModelServerQuirks;
  /** The request asked for the usage. */
  readonly includeUsage: boolean;
  /** The request asked for encrypted reasoning. */
  readonly includeEncrypted: boolean;
  /** Characters of the request's messages, to estimate its tokens from. */
  readonly inputLength: number;
}

export type Frame = Readonly<Record<string, unknown>>;

/** How a turn looks on one wire. */
export interface TurnFrames {
  /** What is streamed, up to and without `done`. */
  frames(turn: ScriptedTurn, options: FrameOptions): Iterable<Frame>;
  /** The same turn as one document. */
  document(turn: ScriptedTurn, options: FrameOptions): Frame;
  /** The model says with it that it has ended. */
  isEnd(frame: Frame): boolean;
  /** A piece of a text or of arguments that never end. */
  endless(what: 'text' | 'arguments', filler: string, isFirst: boolean): Frame;
  /** An error in the stream. */
  failure(error: Frame): Frame;
  /** The `event:` field of a frame. */
  eventOf?(frame: Frame): string;
  /** The data of a last event, after all frames. */
  readonly done?: string;
}
