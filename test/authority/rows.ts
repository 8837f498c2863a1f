import { CONSOLE_PATHS } from '../../src/server/consoleRoutes.ts';

/** Who calls: see `scene.ts`. */
export type Caller = 'owner' | 'reader' | 'writer' | 'guest' | 'other' | 'otherTenant' | 'admin' | 'anonymous' | 'expired';

/** `ok`, or the code of the error. */
type Cells = Readonly<Record<Caller, string>>;

/** Ids of what is in the owner's thread. Its first run has ended; its second waits for a decision and for a client. */
export interface Ids {
  readonly threadId: string;
  readonly runId: string;
  readonly messageId: string;
  readonly fileId: string;
  readonly callId: string;
  readonly clientCallId: string;
  readonly shareId: string;
  /** Of a link to the thread. */
  readonly secret: string;
}

export interface Row {
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** Absent: it takes none. */
  readonly input?: (ids: Ids) => object;
  readonly cells: Cells;
  /** A watch that begins with nothing. */
  readonly quiet?: true;
}

const NOBODY = { anonymous: 'UNAUTHENTICATED', expired: 'UNAUTHENTICATED' } as const;
const STRANGERS = { other: 'NOT_FOUND', otherTenant: 'NOT_FOUND', ...NOBODY } as const;

/** Of what belongs to the caller alone. */
export const KNOWN: Cells = { ...all('ok'), ...NOBODY };
export const EVERYBODY: Cells = all('ok');
export const READ: Cells = { ...all('ok'), ...STRANGERS };
export const WRITE: Cells = { ...READ, reader: 'NOT_ALLOWED' };
export const MANAGE: Cells = { ...READ, reader: 'NOT_ALLOWED', writer: 'NOT_ALLOWED', guest: 'NOT_ALLOWED' };
/** What makes something of the caller's own: a guest keeps nothing. */
const CREATE: Cells = { ...KNOWN, guest: 'NOT_ALLOWED' };
/** What is the operator's, in a thread that one may read. */
const INSPECT: Cells = { ...all('NOT_ALLOWED'), admin: 'ok', ...STRANGERS };
const COPY: Cells = { ...READ, guest: 'NOT_ALLOWED' };
/** The owner's alone, whoever may read it. */
const OWN: Cells = { ...all('NOT_FOUND'), owner: 'ok', ...NOBODY };
const ADMIN: Cells = { ...all('NOT_ALLOWED'), admin: 'ok', ...NOBODY };

function all(outcome: string): Cells {
  return {
    owner: outcome,
    reader: outcome,
    writer: outcome,
    guest: outcome,
    other: outcome,
    otherTenant: outcome,
    admin: outcome,
    anonymous: outcome,
    expired: outcome,
  };
}

/** Those that pass, but for what they find then. */
function finding(cells: Cells, code: string): Cells {
  return Object.fromEntries(
    Object.entries(cells).map(([caller, outcome]) => [caller, outcome === 'ok' ? code : outcome]),
  ) as unknown as Cells;
}

/** Every procedure there is, and who may call it. One that is missing here fails a test: say who may. */
export const ROWS: Readonly<Record<string, Row>> = {
  'agents.list': { kind: 'query', cells: KNOWN },
  'threads.create': { kind: 'mutation', input: () => ({}), cells: CREATE },
  'threads.get': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: READ },
  'threads.list': { kind: 'query', cells: KNOWN },
  'threads.update': { kind: 'mutation', input: ({ threadId }) => ({ threadId, title: 'mine now' }), cells: MANAGE },
  'threads.delete': { kind: 'mutation', input: ({ threadId }) => ({ threadId }), cells: MANAGE },
  'threads.messages': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: READ },
  'threads.fork': { kind: 'mutation', input: ({ threadId }) => ({ threadId }), cells: COPY },
  'threads.watch': { kind: 'subscription', input: ({ threadId }) => ({ threadId }), cells: READ },
  'threads.presence': { kind: 'subscription', input: ({ threadId }) => ({ threadId }), cells: READ },
  'threads.share': { kind: 'mutation', input: ({ threadId }) => ({ threadId, with: 'somebody' }), cells: MANAGE },
  // Whoever has a share of its own may give it up: see `sharing.test.ts`.
  'threads.unshare': { kind: 'mutation', input: ({ threadId, shareId }) => ({ threadId, shareId }), cells: MANAGE },
  'threads.shares': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: MANAGE },
  'threads.claimShare': {
    kind: 'mutation',
    input: ({ secret }) => ({ secret }),
    // A link is for whoever has its secret, but a principal sees nothing of another tenant's, and an administrator of none has it already.
    cells: { ...KNOWN, owner: 'BAD_INPUT', guest: 'NOT_ALLOWED', otherTenant: 'NOT_FOUND', admin: 'NOT_FOUND' },
  },
  'auth.openShare': { kind: 'mutation', input: ({ secret }) => ({ secret }), cells: EVERYBODY },
  'messages.send': { kind: 'mutation', input: ({ threadId }) => ({ threadId, agent: 'echo', text: 'more' }), cells: WRITE },
  'messages.edit': { kind: 'mutation', input: ({ messageId }) => ({ messageId, text: 'otherwise' }), cells: COPY },
  'messages.retry': { kind: 'mutation', input: ({ messageId }) => ({ messageId }), cells: finding(WRITE, 'RUN_OPEN') },
  'memory.list': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: READ },
  'memory.delete': { kind: 'mutation', input: ({ threadId }) => ({ threadId, key: 'k' }), cells: MANAGE },
  'memory.clear': { kind: 'mutation', input: ({ threadId }) => ({ threadId }), cells: MANAGE },
  'runs.get': { kind: 'query', input: ({ runId }) => ({ runId }), cells: READ },
  'runs.list': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: READ },
  'runs.steps': { kind: 'query', input: ({ runId }) => ({ runId }), cells: READ },
  'runs.sent': { kind: 'query', input: ({ runId }) => ({ runId, step: 1 }), cells: INSPECT },
  'runs.wait': { kind: 'query', input: ({ runId }) => ({ runId, timeoutMs: 0 }), cells: READ },
  'runs.watch': { kind: 'subscription', input: ({ runId }) => ({ runId }), cells: READ },
  'runs.cancel': { kind: 'mutation', input: ({ runId }) => ({ runId }), cells: WRITE },
  'runs.retry': { kind: 'mutation', input: ({ runId }) => ({ runId }), cells: finding(WRITE, 'RUN_OPEN') },
  'approvals.list': { kind: 'query', input: ({ threadId }) => ({ threadId }), cells: READ },
  'approvals.decide': { kind: 'mutation', input: ({ callId }) => ({ callId, decision: 'approve' }), cells: WRITE },
  'toolCalls.submit': { kind: 'mutation', input: ({ clientCallId }) => ({ callId: clientCallId, output: 'done' }), cells: WRITE },
  'files.get': { kind: 'query', input: ({ fileId }) => ({ fileId }), cells: READ },
  'files.list': { kind: 'query', cells: KNOWN },
  'files.delete': { kind: 'mutation', input: ({ fileId }) => ({ fileId }), cells: OWN },
  'notices.watch': { kind: 'subscription', cells: KNOWN, quiet: true },
  'auth.methods': { kind: 'query', cells: EVERYBODY },
  'auth.whoami': { kind: 'query', cells: KNOWN },
  'auth.ticket': { kind: 'mutation', cells: KNOWN },
  // It is for sockets: see `renew.test.ts`.
  'auth.renew': { kind: 'mutation', input: () => ({ token: 'owner' }), cells: finding(KNOWN, 'BAD_INPUT') },
  // This server has no passwords: see `passwords.test.ts`.
  'auth.login': { kind: 'mutation', input: () => ({ name: 'ann', password: 'correct horse' }), cells: all('NOT_FOUND') },
  'auth.refresh': { kind: 'mutation', input: () => ({ refreshToken: 'r' }), cells: all('NOT_FOUND') },
  'auth.logout': { kind: 'mutation', cells: all('NOT_FOUND') },
  'auth.changePassword': {
    kind: 'mutation',
    input: () => ({ password: 'correct horse', newPassword: 'battery staple' }),
    cells: finding(KNOWN, 'NOT_FOUND'),
  },
  'admin.connections.list': { kind: 'query', cells: ADMIN },
  'admin.connections.close': { kind: 'mutation', input: () => ({ connectionId: 'conn_nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.agents.list': { kind: 'query', cells: ADMIN },
  'admin.agents.enable': { kind: 'mutation', input: () => ({ agent: 'nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.agents.disable': { kind: 'mutation', input: () => ({ agent: 'nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.users.list': { kind: 'query', cells: ADMIN },
  'admin.users.create': { kind: 'mutation', input: () => ({ name: 'zoe' }), cells: ADMIN },
  'admin.users.disable': { kind: 'mutation', input: () => ({ userId: 'user_nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.users.enable': { kind: 'mutation', input: () => ({ userId: 'user_nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.users.setRoles': { kind: 'mutation', input: () => ({ userId: 'user_nope', roles: [] }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.users.setTier': { kind: 'mutation', input: () => ({ userId: 'user_nope', tier: null }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.users.setPassword': {
    kind: 'mutation',
    input: () => ({ userId: 'user_nope', password: 'battery staple horse' }),
    cells: finding(ADMIN, 'NOT_FOUND'),
  },
  'admin.users.logOut': { kind: 'mutation', input: () => ({ userId: 'user_nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.keys.list': { kind: 'query', cells: ADMIN },
  'admin.keys.create': { kind: 'mutation', input: () => ({ name: 'ci' }), cells: ADMIN },
  'admin.keys.revoke': { kind: 'mutation', input: () => ({ keyId: 'key_nope' }), cells: finding(ADMIN, 'NOT_FOUND') },
  'admin.audit.list': { kind: 'query', cells: ADMIN },
  'admin.settings': { kind: 'query', cells: ADMIN },
  'admin.metrics': { kind: 'query', cells: ADMIN },
  'admin.watchMetrics': { kind: 'subscription', cells: ADMIN },
};

/** What is asked of a procedure in another way, with other cells. */
export const VARIANTS: readonly (Row & { readonly path: string; readonly what: string })[] = [
  { path: 'threads.list', what: 'of all', kind: 'query', input: () => ({ all: true }), cells: { ...ADMIN, otherTenant: 'ok' } },
  { path: 'threads.list', what: 'that are shared', kind: 'query', input: () => ({ shared: true }), cells: KNOWN },
  { path: 'memory.list', what: "of the caller's own", kind: 'query', cells: KNOWN },
  { path: 'memory.clear', what: "of the caller's own", kind: 'mutation', cells: KNOWN },
  { path: 'runs.list', what: "of the caller's own", kind: 'query', cells: KNOWN },
  { path: 'runs.list', what: 'of all', kind: 'query', input: () => ({ all: true }), cells: { ...ADMIN, otherTenant: 'ok' } },
  { path: 'approvals.list', what: "of the caller's own", kind: 'query', cells: KNOWN },
  { path: 'messages.send', what: 'in a new thread', kind: 'mutation', input: () => ({ agent: 'echo', text: 'new' }), cells: CREATE },
  {
    path: 'messages.send',
    what: 'with a file of the thread',
    kind: 'mutation',
    input: ({ threadId, fileId }) => ({ threadId, agent: 'echo', text: 'this one', attachments: [fileId] }),
    cells: WRITE,
  },
  {
    path: 'messages.edit',
    what: 'by another agent',
    kind: 'mutation',
    input: ({ messageId }) => ({ messageId, agent: 'ask', text: 'otherwise' }),
    cells: COPY,
  },
];

/** The console is one document and its files, which hold nothing of anybody: what it shows comes by calls. */
const consoleRows = Object.fromEntries(
  CONSOLE_PATHS.map((path) => [`GET ${path}`, { path: () => path.replace(/:\w+/, 'any'), cells: EVERYBODY }]),
);

/** Every HTTP route that is not a procedure. */
export const ROUTES: Readonly<Record<string, { readonly path: (ids: Ids) => string; readonly body?: string; readonly cells: Cells }>> = {
  ...consoleRows,
  'GET /health': { path: () => '/health', cells: EVERYBODY },
  'GET /healthz': { path: () => '/healthz', cells: EVERYBODY },
  'GET /readyz': { path: () => '/readyz', cells: EVERYBODY },
  // The test asks from the machine itself: see `metrics.test.ts`.
  'GET /metrics': { path: () => '/metrics', cells: EVERYBODY },
  'GET /threads/:id/export': { path: ({ threadId }) => `/threads/${threadId}/export`, cells: READ },
  // This server takes no cookies and has no passwords: see `cookie.test.ts` and `oauthToken.test.ts`.
  'POST /auth/cookie': { path: () => '/auth/cookie', cells: all('NOT_FOUND') },
  'DELETE /auth/cookie': { path: () => '/auth/cookie', cells: all('NOT_FOUND') },
  'POST /oauth/token': { path: () => '/oauth/token', body: 'not a form', cells: all('invalid_request') },
  'POST /files': { path: () => '/files?name=a.txt', body: 'bytes', cells: CREATE },
  'GET /files/:id': { path: ({ fileId }) => `/files/${fileId}`, cells: READ },
};
