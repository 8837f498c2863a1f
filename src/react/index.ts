'use client';

export { useClient, VerbatimProvider } from './provider.ts';
export type { Register, RegisteredApi } from './register.ts';
export type { Shown } from './shownMessages.ts';
export type { Outgoing, ThreadActions } from './threadActions.ts';
export type { MessageStorage } from './unsent.ts';
export { type ApprovalOf, type UseApprovals, type UseApprovalsOptions, useApprovals } from './useApprovals.ts';
export { useConnection } from './useConnection.ts';
export { type UseNotices, type UseNoticesOptions, useNotices } from './useNotices.ts';
export { type UseRun, useRun } from './useRun.ts';
export { type ThreadStatus, type UseThread, type UseThreadOptions, useThread } from './useThread.ts';
export { type UseThreads, type UseThreadsOptions, useThreads } from './useThreads.ts';
