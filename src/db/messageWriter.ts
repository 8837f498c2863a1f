import type { VerbatimError } from '../protocol/verbatimError.ts';
import { type DeltaType, deltaHead } from './encodedEvent.ts';
import type { GroupCommit } from './groupCommit.ts';
import type { HeldRun } from './operations/startRun.ts';
import type { StartedMessage } from './operations/startStep.ts';
import type { DeltaStream } from './pendingWrite.ts';
import type { MessageWriter } from './runStore.ts';

export function openMessageWriter(commit: GroupCommit, run: HeldRun, message: StartedMessage): MessageWriter {
  const log = commit.hold(run.thread);
  let failed: VerbatimError | undefined;
  let open = true;
  let uncommitted = 0;
  const fail = (error: VerbatimError): void => {
    failed ??= error;
  };
  const streamOf = (type: DeltaType): DeltaStream => ({ log, run: run.key, type, head: deltaHead(type, run.id, message.id), fail });
  const streams = { text: streamOf('text.delta'), reasoning: streamOf('reasoning.delta') };
  const write = (stream: DeltaStream, text: string): void => {
    if (!open || failed !== undefined) return;
    uncommitted += text.length;
    commit.appendDelta(stream, text);
  };
  return {
    text: (delta) => write(streams.text, delta),
    reasoning: (delta) => write(streams.reasoning, delta),
    get uncommitted() {
      return uncommitted;
    },
    async committed() {
      uncommitted = 0;
      await commit.committed();
      if (failed !== undefined) throw failed;
    },
    assertStored() {
      if (failed !== undefined) throw failed;
    },
    close() {
      if (!open) return;
      open = false;
      commit.release(log);
    },
  };
}
