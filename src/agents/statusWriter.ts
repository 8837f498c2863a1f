import type { HeldRun } from '../db/operations/startRun.ts';
import type { RunStore } from '../db/runStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { EventDraft } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';

/** At most one status of a run, and one progress of a call, in this time: the last one said. */
const MIN_GAP_MS = 100;
const MAX_CODE_POINTS = 500;

/** What a run says in passing: `run.status` and `tool.progress`. Never waits, never fails, and keeps only the newest of what piles up. */
export interface StatusWriter {
  status(text: string): void;
  /** Drops what is larger than `maxBytes` as JSON: progress is a courtesy, not a result. */
  progress(callId: string, tool: string, data: Json, maxBytes: number): void;
  /** Says what is still unsaid of a call, before its outcome is. */
  flush(callId: string): void;
  close(): void;
}

export function openStatusWriter(store: RunStore, run: HeldRun, clock: Clock): StatusWriter {
  const unsaid = new Map<string, EventDraft>();
  const waiting = new Map<string, () => void>();
  let lastStatus: string | undefined;

  const say = (key: string): void => {
    const draft = unsaid.get(key);
    unsaid.delete(key);
    // The run may have ended meanwhile, or the disk be full: then there is nothing to say it to.
    if (draft !== undefined) store.append(run, draft).catch(() => {});
  };
  const offer = (key: string, draft: EventDraft): void => {
    unsaid.set(key, draft);
    if (waiting.has(key)) return;
    say(key);
    waiting.set(
      key,
      clock.after(MIN_GAP_MS, () => {
        waiting.delete(key);
        const next = unsaid.get(key);
        if (next !== undefined) offer(key, next);
      }),
    );
  };
  return {
    status(text) {
      const short = [...text].slice(0, MAX_CODE_POINTS).join('');
      if (short === lastStatus) return;
      lastStatus = short;
      offer('status', { type: 'run.status', runId: run.id, text: short });
    },
    progress(callId, tool, data, maxBytes) {
      if (Buffer.byteLength(JSON.stringify(data ?? null)) > maxBytes) return;
      offer(callId, { type: 'tool.progress', runId: run.id, callId, tool, data: data ?? null });
    },
    flush: say,
    close() {
      for (const stop of waiting.values()) stop();
      waiting.clear();
      for (const key of [...unsaid.keys()]) say(key);
    },
  };
}
