import type { AgentRegistry } from '../agents/agentRegistry.ts';
import { askText } from '../agents/askText.ts';
import { isSaid } from '../agents/compileTranscript.ts';
import { plainMessage } from '../agents/plainMessage.ts';
import type { RunRow } from '../db/runs.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import { ownerOf } from '../protocol/principal.ts';
import type { Logger } from './serverOptions.ts';
import { DEFAULT_TITLE_PROMPT, type TitleOptions } from './titleOptions.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** Titles made at once; of a thread that finds no room, one is made when its next run completes. */
const MAX_AT_ONCE = 8;
/** UTF-16 units of each of the two messages that a title is made of. */
const MAX_MESSAGE_LENGTH = 2_000;

export interface TitleWriterOptions {
  /** `true`: the model of the agent that answered, when it has one that does not depend on the run. */
  readonly titles: TitleOptions | true | undefined;
  readonly registry: AgentRegistry;
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * Gives threads without a title one, when a run of theirs has completed. In the background: nobody waits for it, no event tells of it, and
 * its failure is only logged. What a crash or a failure prevented is made up for when the next run completes. `close` it.
 */
export class TitleWriter {
  readonly #options: TitleWriterOptions;
  readonly #closing = new AbortController();
  /** By thread. */
  readonly #underWay = new Map<number, Promise<void>>();

  constructor(options: TitleWriterOptions) {
    this.#options = options;
  }

  /** To be told of each run that has ended. */
  runEnded({ key, thread, parent }: RunRow): void {
    if (this.#options.titles === undefined || parent !== null || this.#closing.signal.aborted) return;
    if (this.#underWay.has(thread) || this.#underWay.size >= MAX_AT_ONCE) return;
    const writing = this.#write(key, thread)
      .catch((cause: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.logger.warn({ err: cause }, 'a thread could not be given a title');
      })
      .finally(() => this.#underWay.delete(thread));
    this.#underWay.set(thread, writing);
  }

  /** Stops what is under way, and takes nothing new. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
  }

  #optionsFor({ agent, agents, currentAgent }: RunRow): TitleOptions | undefined {
    const { titles, registry } = this.#options;
    if (titles !== true) return titles;
    const answered = registry.get(currentAgent ?? agents?.[0] ?? agent);
    return answered?.kind === 'model' && answered.model !== undefined ? { model: answered.model } : undefined;
  }

  async #write(run: number, thread: number): Promise<void> {
    const { store, clock, limits } = this.#options;
    const row = await store.runs.read(run);
    if (row?.status !== 'completed') return;
    const options = this.#optionsFor(row);
    if (options === undefined) return;
    const { model, prompt = DEFAULT_TITLE_PROMPT, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const beginning = await store.threads.untitled(thread);
    const seen = beginning?.filter(isSaid) ?? [];
    const asked = seen.find((message) => message.role === 'user');
    const answer = seen.find((message) => message.role === 'assistant' && message.text.trim() !== '');
    if (asked === undefined || answer === undefined) return;
    const text = [asked, answer].map((message) => plainMessage(message).slice(0, MAX_MESSAGE_LENGTH)).join('\n\n');
    const caller = { principalId: ownerOf(row.principal), threadId: await store.threads.idOf(thread), runId: row.id };
    const { maxTitleCodePoints } = limits;
    const question = { instructions: prompt, text, caller, maxLength: 4 * maxTitleCodePoints, timeoutMs };
    const said = await askText(model, question, { clock, signal: this.#closing.signal });
    const title = titleOf(said.text, maxTitleCodePoints);
    if (title !== '') await store.threads.setTitle(thread, title);
  }
}

/** The first line of what a model said, without the quotes, marks and full stop that models add all the same. */
function titleOf(said: string, maxCodePoints: number): string {
  const line = said.split('\n').find((part) => part.trim() !== '') ?? '';
  const bare = line
    .trim()
    .replace(/^#+\s*/, '')
    .replace(/^(?:\*\*|["'“„«»‘]+)+|(?:\*\*|["'”“»«’]+|[.。])+$/gu, '')
    .trim();
  return [...bare].slice(0, maxCodePoints).join('').trim();
}
