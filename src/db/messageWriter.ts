import type { VerbatimError } from '../protocol/verbatimError.ts';
import { deltaHead } from './encodedEvent.ts';
import type { GroupCommit } from './groupCommit.ts';
import type { HeldRun } from './operations/startRun.ts';
import type { StartedMessage } from './operations/startStep.ts';
import type { MessageWriter } from './runStore.ts';

export function openMessageWriter(commit: GroupCommit, run: HeldRun, message: StartedMessage): MessageWriter {
  const log = commit.hold(run.thread);
  const heads = { text: deltaHead('text.delta', run.id, message.id), reasoning: deltaHead('reasoning.delta', run.id, message.id) };
  let failed: VerbatimError | undefined;
  let open = true;
  let uncommitted = 0;
  const fail = (error: VerbatimError): void => {
    failed ??= error;
  };
  const write = (head: string, text: string): void => {
    if (!open || failed !== undefined) return;
    uncommitted += text.length;
    commit.appendDelta({ log, run: run.key, head, text, fail });
  };
  return {
    text: (delta) => write(heads.text, delta),
    reasoning: (delta) => write(heads.reasoning, delta),
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
