export { useClient, VerbatimProvider } from './provider.ts';
export type { Register, RegisteredApi } from './register.ts';
export type { Shown } from './shownMessages.ts';
export { useConnection } from './useConnection.ts';
export { type Outgoing, type ThreadStatus, type UseThread, type UseThreadOptions, useThread } from './useThread.ts';
