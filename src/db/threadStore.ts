import type { FileInfo } from '../protocol/file.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { Message } from '../protocol/message.ts';
import type { Principal } from '../protocol/principal.ts';
import type { ImportedMessage, Page, ThreadInfo, ThreadListInput } from '../protocol/procedures.ts';
import type { Command } from './operations/command.ts';
import type { Deleted } from './operations/deleteThread.ts';

/**
 * Threads and their messages. Every call that names a thread names the caller too, and refuses with `NOT_FOUND` what is not the caller's.
 * A command with a key is performed once.
 */
export interface ThreadStore {
  create(input: {
    readonly command: Command;
    readonly title: string | null;
    readonly metadata: JsonObject | null;
    readonly messages: readonly ImportedMessage[];
  }): Promise<ThreadInfo>;
  get(principal: Principal, threadId: string): Promise<ThreadInfo>;
  /** The key by which the log knows it. */
  keyOf(principal: Principal, threadId: string): Promise<number>;
  /** As the server itself, without a caller. */
  keyById(threadId: string): Promise<number | undefined>;
  /** The id by which callers know it; empty for one that is gone. */
  idOf(key: number): Promise<string>;
  list(principal: Principal, filter: ThreadListInput & { readonly limit: number; readonly maxBytes?: number }): Promise<Page<ThreadInfo>>;
  update(
    command: Command,
    threadId: string,
    change: { readonly title?: string | null | undefined; readonly metadata?: JsonObject | null | undefined },
  ): Promise<ThreadInfo>;
  delete(command: Command, threadId: string): Promise<Deleted>;
  fork(input: {
    readonly command: Command;
    readonly threadId: string;
    readonly atSeq: number | undefined;
    readonly title: string | undefined;
  }): Promise<ThreadInfo>;
  /** As many as `maxBytes` of text hold, at least one. */
  messages(
    principal: Principal,
    threadId: string,
    page: { readonly limit: number; readonly pageToken: string | undefined; readonly maxBytes?: number },
  ): Promise<Page<Message>>;
  /** As `messages`, from the oldest on: those after a place, which is `next` of the page before. */
  oldest(
    principal: Principal,
    threadId: string,
    page: { readonly after: number | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly Message[]; readonly next?: number }>;
  /** What tools made in it. Files that people attached are named by their messages. */
  files(principal: Principal, threadId: string): Promise<readonly FileInfo[]>;
  /** The beginning of a thread that has no title, as far as it is finished. Undefined for one that has, or is gone. */
  untitled(key: number): Promise<readonly Message[] | undefined>;
  /** Gives a thread a title unless it has one by now. Its activity is not touched. */
  setTitle(key: number, title: string): Promise<void>;
}
