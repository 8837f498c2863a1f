import type { VerbatimError } from '../protocol/verbatimError.ts';
import { type DeltaType, deltaHead } from './encodedEvent.ts';
import type { GroupCommit } from './groupCommit.ts';
import { type HeldRun, notHeld } from './operations/startRun.ts';
import type { StartedMessage } from './operations/startStep.ts';
import type { DeltaStream } from './pendingWrite.ts';
import type { MessageWriter } from './runStore.ts';
import type { ThreadLog } from './threadLog.ts';

export class LogMessageWriter implements MessageWriter {
  readonly #commit: GroupCommit;
  readonly #log: ThreadLog;
  readonly #text: DeltaStream;
  readonly #reasoning: DeltaStream;
  #failed: VerbatimError | undefined;
  #open = true;
  uncommitted = 0;

  /** `isOver`: the message was closed before its speaker began. */
  constructor(commit: GroupCommit, run: HeldRun, { message, isOver }: { readonly message: StartedMessage; readonly isOver: boolean }) {
    const log = commit.hold(run.thread);
    log.beginSpeaking();
    const ids = { runId: run.id, messageId: message.id, message: message.key };
    const fail = (error: VerbatimError): void => {
      this.#failed ??= error;
    };
    const streamOf = (type: DeltaType): DeltaStream => ({ log, run: run.key, head: deltaHead(type, ids), fail });
    if (isOver) this.#failed = notHeld(run);
    this.#commit = commit;
    this.#log = log;
    this.#text = streamOf('text.delta');
    this.#reasoning = streamOf('reasoning.delta');
  }

  text(delta: string): void {
    this.#write(this.#text, delta);
  }

  reasoning(delta: string): void {
    this.#write(this.#reasoning, delta);
  }

  async committed(): Promise<void> {
    this.uncommitted = 0;
    await this.#commit.committed();
    this.assertStored();
  }

  assertStored(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#log.endSpeaking();
    this.#commit.release(this.#log);
  }

  #write(stream: DeltaStream, text: string): void {
    if (!this.#open || this.#failed !== undefined) return;
    this.uncommitted += text.length;
    this.#commit.appendDelta(stream, text);
  }
}
