import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { AccessGate, useAccess } from './access.tsx';
import { ChatPage } from './pages/chat/chatPage.tsx';
import { Shell } from './shell.tsx';
import { strings } from './strings.ts';
import { CatchError } from './ui/catchError.tsx';
import { EmptyState } from './ui/emptyState.tsx';
import { Loading } from './ui/loading.tsx';

const later = (load: () => Promise<ComponentType>) => lazy(async () => ({ default: await load() }));

/** Pages other than the chat are loaded when they are opened. */
const PAGES: Readonly<Record<string, ReturnType<typeof later>>> = {
  '/threads': later(async () => (await import('./pages/threads/threadsPage.tsx')).ThreadsPage),
  '/runs/:runId': later(async () => (await import('./pages/run/runPage.tsx')).RunPage),
  '/approvals': later(async () => (await import('./pages/approvals/approvalsPage.tsx')).ApprovalsPage),
  '/agents': later(async () => (await import('./pages/agents/agentsPage.tsx')).AgentsPage),
  '/agents/:name': later(async () => (await import('./pages/agents/agentPage.tsx')).AgentPage),
  '/account': later(async () => (await import('./pages/account/accountPage.tsx')).AccountPage),
};

/** For administrators. */
const ADMIN_PAGES: Readonly<Record<string, ReturnType<typeof later>>> = {
  '/dashboard': later(async () => (await import('./pages/dashboard/dashboardPage.tsx')).DashboardPage),
  '/users': later(async () => (await import('./pages/admin/usersPage.tsx')).UsersPage),
  '/keys': later(async () => (await import('./pages/admin/keysPage.tsx')).KeysPage),
  '/audit': later(async () => (await import('./pages/admin/auditPage.tsx')).AuditPage),
  '/settings': later(async () => (await import('./pages/admin/settingsPage.tsx')).SettingsPage),
  '/connections': later(async () => (await import('./pages/admin/connectionsPage.tsx')).ConnectionsPage),
};

/** For whoever has a link: outside of what a login is for. */
const SharePage = later(async () => (await import('./pages/share/sharePage.tsx')).SharePage);

export function App(): ReactNode {
  return (
    <CatchError>
      <Switch>
        <Route path="/share">
          <Suspense fallback={<Loading />}>
            <SharePage />
          </Suspense>
        </Route>
        <Route>
          <AccessGate>
            <Pages />
          </AccessGate>
        </Route>
      </Switch>
    </CatchError>
  );
}

function Pages(): ReactNode {
  const { isAdmin } = useAccess();
  const pages = { ...PAGES, ...(isAdmin && ADMIN_PAGES) };
  return (
    <Shell>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/" component={ChatPage} />
          <Route path="/threads/:threadId" component={ChatPage} />
          {Object.entries(pages).map(([path, page]) => (
            <Route key={path} path={path} component={page} />
          ))}
          <Route>
            <EmptyState title={strings.state.notFound} />
          </Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
