import type { Services } from '../services.ts';
import { router } from '../trpc.ts';
import { adminRouter } from './admin.ts';
import { agentsRouter } from './agents.ts';
import { approvalsRouter, toolCallsRouter } from './approvals.ts';
import { loginProcedures } from './auth.ts';
import { shareProcedures } from './authShares.ts';
import { authTokenProcedures } from './authTokens.ts';
import { filesRouter } from './files.ts';
import { memoryRouter } from './memory.ts';
import { messagesRouter } from './messages.ts';
import { noticesRouter } from './notices.ts';
import { runsRouter } from './runs.ts';
import { threadsRouter } from './threads.ts';

/** Every procedure there is, for WebSocket and HTTP alike. */
export function appRouter(services: Services) {
  return router({
    agents: agentsRouter(services),
    threads: threadsRouter(services),
    messages: messagesRouter(services),
    memory: memoryRouter(services),
    runs: runsRouter(services),
    approvals: approvalsRouter(services),
    toolCalls: toolCallsRouter(services),
    files: filesRouter(services),
    notices: noticesRouter(services),
    auth: router({ ...loginProcedures(services), ...authTokenProcedures(services), ...shareProcedures(services) }),
    admin: adminRouter(services),
  });
}

export type AppRouter = ReturnType<typeof appRouter>;
