import { ownerOf } from '../protocol/principal.ts';
import type { Prices } from '../protocol/usage.ts';
import { boundedPage, jsonBytes } from './boundedPage.ts';
import type { FileStore } from './fileStore.ts';
import { LogMessageWriter } from './messageWriter.ts';
import { acceptMessage } from './operations/acceptMessage.ts';
import { assertMayList, mayWith, openRun, openThread } from './operations/access.ts';
import { addSummary, newestSummary } from './operations/addSummary.ts';
import { askCancel, cancelOpen } from './operations/cancelRun.ts';
import { toWake } from './operations/childEnded.ts';
import { cutMessage } from './operations/cutMessage.ts';
import { decideApproval, visibleApproval } from './operations/decideApproval.ts';
import { editMessage, sentMessage } from './operations/editMessage.ts';
import { expireCalls } from './operations/expireCalls.ts';
import { fanOut } from './operations/fanOut.ts';
import { discardMessage, finishModelCall } from './operations/finishModelCall.ts';
import { endRun, finishRun } from './operations/finishRun.ts';
import { finishToolCall } from './operations/finishToolCall.ts';
import { guardState } from './operations/guardVerdict.ts';
import { descendantsOf } from './operations/lineage.ts';
import { listApprovals } from './operations/listApprovals.ts';
import { hasChanged, lookAgain } from './operations/lookAgain.ts';
import { recordCall } from './operations/recordCall.ts';
import { reportUsage } from './operations/reportUsage.ts';
import { resumeRun } from './operations/resumeRun.ts';
import { retryMessage, retryRun } from './operations/retryRun.ts';
import { runProgress } from './operations/runProgress.ts';
import { listSteps, sentStep } from './operations/runSteps.ts';
import { sentSteps } from './operations/sentStep.ts';
import { beginReady, readyCalls, settleCalls, wakeRun } from './operations/settleCalls.ts';
import { spendingOf } from './operations/spending.ts';
import { heldRun, notHeld, startQueuedRun } from './operations/startRun.ts';
import { startMessage, startStep, takeSteers } from './operations/startStep.ts';
import { ownCall, submitResult } from './operations/submitResult.ts';
import { routeRun } from './operations/switchAgent.ts';
import { transcript } from './operations/transcript.ts';
import { runInfo } from './operations/views.ts';
import { recordVerdict, withdrawMessage } from './operations/withdrawMessage.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import { isOpen } from './runStatus.ts';
import type { RunStore } from './runStore.ts';
import type { SqliteParts } from './sqliteLog.ts';
import { dayOf, untilTomorrow } from './usageDays.ts';

export function sqliteRunStore(parts: SqliteParts & { readonly prices?: Prices | undefined }, files: FileStore): RunStore {
  const { queries, commit, prices } = parts;
  return {
    accept: (input) => commit.run((tx) => acceptMessage(tx, input)),
    async get(principal, runId) {
      const { run, thread } = openRun(parts, principal, runId, 'read');
      return { info: runInfo(queries, run, thread.id), key: run.key, thread: thread.key, lastSeq: run.lastSeq ?? undefined };
    },
    async read(key) {
      return queries.runs.byKey(key);
    },
    async list(principal, { threadId, limit, maxBytes = Number.POSITIVE_INFINITY, pageToken, all, ...filter }) {
      if (all) assertMayList(parts, principal);
      const thread = threadId === undefined ? undefined : openThread(parts, principal, threadId, 'read').key;
      const [first] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
      const owner = thread === undefined && all !== true ? ownerOf(principal) : undefined;
      const tenant = all ? principal.tenant : undefined;
      const { rows, more } = boundedPage<ReturnType<typeof queries.runs.list>[number]>({
        limit,
        maxBytes,
        read: (row, rowLimit) => queries.runs.list({ ...filter, owner, tenant, thread, beforeKey: row?.run.key ?? first, limit: rowLimit }),
        sizeOf: ({ run }) => jsonBytes(run.output, run.options, run.error, run.agents, run.task),
      });
      const last = rows.at(-1);
      return {
        items: rows
          .filter(({ run }) => {
            const of = queries.threads.byKey(run.thread);
            return of !== undefined && mayWith(parts, principal, of, 'read');
          })
          .map((row) => runInfo(queries, row.run, row.threadId)),
        ...(more && last !== undefined && { nextPageToken: encodePageToken([last.run.key]) }),
      };
    },
    async steps(principal, filter) {
      return listSteps(parts, principal, filter);
    },
    async sent(principal, of) {
      return sentStep(parts, principal, of);
    },
    async openCounts() {
      return queries.runs.openCounts();
    },
    async queued() {
      return queries.runs.queued();
    },
    async open() {
      return queries.runs.allOpen();
    },
    async openOfThread(thread) {
      return queries.runs.openOfThread(thread);
    },
    start: (key, lease) => commit.run((tx) => startQueuedRun(tx, key, lease)),
    async lookAgain(key) {
      const run = queries.runs.byKey(key);
      if (run === undefined || !isOpen(run.status) || !hasChanged(queries, run)) return undefined;
      return commit.run((tx) => lookAgain(tx, key));
    },
    resume: (input) => commit.run((tx) => resumeRun(tx, input)),
    wake: (key, lease) => commit.run((tx) => wakeRun(tx, key, lease)),
    async isAnswered(key) {
      return toWake(queries, key) !== undefined;
    },
    async under(key) {
      return descendantsOf(queries, { key });
    },
    async progress(run) {
      return runProgress(queries, run);
    },
    async transcript(run) {
      const row = queries.runs.byKey(run.key);
      if (row === undefined) throw notHeld(run);
      return transcript(queries, row, queries.events.head(run.thread));
    },
    askCancel: (command, runId) => commit.run((tx) => askCancel(tx, command, runId)),
    cancel: (key, by) =>
      commit.run((tx) => {
        const run = tx.queries.runs.byKey(key);
        const thread = run === undefined ? undefined : tx.queries.threads.byKey(run.thread);
        if (run === undefined || thread === undefined || !isOpen(run.status)) return undefined;
        return { info: runInfo(tx.queries, run, thread.id), ...cancelOpen(tx, run, by) };
      }),
    startStep: (input) => commit.run((tx) => startStep(tx, input)),
    takeSteers: (run) =>
      commit.run((tx) => {
        heldRun(tx, run);
        return takeSteers(tx, run);
      }),
    startMessage: (run, message) => commit.run((tx) => startMessage(tx, run, message)),
    writeMessage: (run, message) => new LogMessageWriter(commit, run, { message, isOver: !queries.messages.isStreaming(message.key) }),
    finishModelCall: (result) => commit.run((tx) => finishModelCall(tx, result, prices)),
    reportUsage: (run, used) => commit.run((tx) => reportUsage(tx, run, used, prices)),
    addToolCall: (run, message, call) => commit.run((tx) => void recordCall(tx, heldRun(tx, run), message, call)),
    discardMessage: (run, message, reason) => commit.run((tx) => discardMessage(tx, heldRun(tx, run), message, reason)),
    cutMessage: (run, message) => commit.run((tx) => cutMessage(tx, run, message)),
    settleCalls: (run) => commit.run((tx) => settleCalls(tx, run)),
    async readyCalls(run) {
      return readyCalls(queries, run);
    },
    async spending(key) {
      const run = queries.runs.byKey(key);
      return run === undefined ? [] : spendingOf(queries, run);
    },
    async usedToday(principal) {
      const { now } = parts;
      const owner = ownerOf(principal);
      return { owner, day: dayOf(now), ...queries.usageDays.get(owner, now), retryAfterMs: untilTomorrow(now) };
    },
    beginReady: (run, callId, start) => commit.run((tx) => beginReady(tx, run, callId, start)),
    fanOut: (run, plan) => commit.run((tx) => fanOut(tx, run, plan)),
    route: (run, route) => commit.run((tx) => routeRun(tx, run, route, prices)),
    guardState: (run) => commit.run((tx) => guardState(tx, run)),
    recordVerdict: (run, verdict, withdrawn) => commit.run((tx) => recordVerdict(tx, run, { verdict, withdrawn }, prices)),
    withdrawMessage: (run, message) => commit.run((tx) => withdrawMessage(tx, run, message)),
    async finishToolCall(run, callId, outcome) {
      try {
        return await commit.run((tx) => finishToolCall(tx, run, callId, outcome));
      } finally {
        if ('file' in outcome) files.settle(outcome.file.id);
      }
    },
    append: (run, draft) =>
      commit.run((tx) => {
        heldRun(tx, run);
        tx.append(run.thread, run.key, draft);
      }),
    finish: (run, end, options) => commit.run((tx) => finishRun(tx, run, end, options)),
    leave: (run) => commit.run((tx) => tx.queries.runs.dropLease(heldRun(tx, run).key)),
    endOrphan: (key, end) =>
      commit.run((tx) => {
        const run = tx.queries.runs.byKey(key);
        return run === undefined || !isOpen(run.status) ? undefined : endRun(tx, run, end);
      }),
    decide: (input) => commit.run((tx) => decideApproval(tx, input)),
    async approvals(principal, filter) {
      return listApprovals(parts, principal, filter);
    },
    async approvalCall(principal, callId) {
      return visibleApproval(parts, principal, callId);
    },
    async ownCall(principal, callId) {
      return ownCall(parts, principal, callId);
    },
    submit: (input) => commit.run((tx) => submitResult(tx, input)),
    async nextExpiry() {
      return queries.toolCalls.nextExpiry();
    },
    expire: () => commit.run((tx) => expireCalls(tx)),
    async sentSteps(runId) {
      return sentSteps(queries, runId);
    },
    async sentMessage(principal, messageId) {
      return sentMessage(parts, principal, messageId);
    },
    async sentRun(principal, runId) {
      return openRun(parts, principal, runId, 'write').run;
    },
    edit: (input, messageId) => commit.run((tx) => editMessage(tx, input, messageId)),
    retry: (input, runId) => commit.run((tx) => retryRun(tx, input, runId)),
    retryMessage: (input, messageId) => commit.run((tx) => retryMessage(tx, input, messageId)),
    async summary(thread, agent) {
      return newestSummary(queries, thread, agent);
    },
    addSummary: (run, summary) => commit.run((tx) => addSummary(tx, run, summary, prices)),
  };
}
