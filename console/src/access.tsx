import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { type Client, createClient, type JsonApi, VerbatimError, type WhoAmI } from 'verbatim-agents/client';
import { VerbatimProvider } from 'verbatim-agents/react';
import { forget, keptLogin, logOut, origin, watchOtherTabs } from './keptLogin.ts';
import { forgetOwn, ownStorage } from './ownStorage.ts';
import { LoginAgain } from './pages/login/loginAgain.tsx';
import { LoginPage } from './pages/login/loginPage.tsx';
import { forgetShareSecret } from './pages/share/shareSecret.ts';
import { ErrorState } from './ui/errorState.tsx';
import { Loading } from './ui/loading.tsx';

export interface Access {
  readonly client: Client<JsonApi>;
  readonly me: WhoAmI['principal'];
  /** May see what is the server's own: users, keys, connections, the audit log, settings, figures. */
  readonly isAdmin: boolean;
  /** Somebody logged in, who can log out. */
  readonly hasLogin: boolean;
  /** By which somebody logged in with a password. */
  readonly loginName?: string | undefined;
  leave(): Promise<void>;
  /** Connects anew, after a connection has ended for good. What is on the page stays. */
  reconnect(): void;
}

const AccessContext = createContext<Access | undefined>(undefined);

/** Nothing outside of AccessGate, as for whoever has a link alone. */
export function useAccessIfAny(): Access | undefined {
  return useContext(AccessContext);
}

export function useAccess(): Access {
  const access = useContext(AccessContext);
  if (access === undefined) throw new Error('useAccess is for what is inside of AccessGate.');
  return access;
}

type Door =
  | { readonly at: 'asking' | 'open' }
  | { readonly at: 'login'; readonly ended: boolean }
  | { readonly at: 'failed'; readonly error: unknown };

type Inside = Pick<Access, 'client' | 'me' | 'hasLogin' | 'loginName'>;

/**
 * Shows the console to whom the server knows, and to others the login. When a login ends midway, what was shown stays as it is behind the login,
 * for the same principal only.
 */
export function AccessGate({ children }: { readonly children: ReactNode }): ReactNode {
  const [door, setDoor] = useState<Door>({ at: 'asking' });
  const [inside, setInside] = useState<Inside>();
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((count) => count + 1), []);
  const ended = useCallback((wasKnown: boolean) => {
    forget();
    setDoor({ at: 'login', ended: wasKnown });
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is made again when it is asked for.
  useEffect(() => {
    const login = keptLogin();
    const client = createClient<JsonApi>({ url: origin, ...(login !== undefined && { token: login.token }) });
    let isOver = false;
    let isIn = false;
    client.trpc.auth.whoami.query().then(
      ({ principal }) => {
        if (isOver) return;
        isIn = true;
        setInside({ client, me: principal, hasLogin: login !== undefined, loginName: login?.name });
        setDoor({ at: 'open' });
      },
      (error: unknown) => {
        if (isOver) return;
        if (needsLogin(error) || needsLogin(closedBy(client))) ended(login !== undefined);
        else setDoor({ at: 'failed', error });
      },
    );
    return () => {
      isOver = true;
      if (!isIn) void client.close();
    };
  }, [attempt]);

  const client = inside?.client;
  useEffect(() => {
    if (client === undefined) return;
    const look = (): void => {
      const { state } = client.connection;
      if (needsLogin(closedBy(client))) ended(true);
      // Refused while nothing was asked for: it learns by asking whether a newer token would do.
      else if (state.status === 'idle' && needsLogin(state.reason)) client.trpc.auth.whoami.query().catch(() => {});
    };
    const stop = client.connection.subscribe(look);
    look();
    return () => {
      stop();
      void client.close();
    };
  }, [client, ended]);

  const left = useCallback(() => {
    forgetOwn();
    forgetShareSecret();
    setInside(undefined);
    setDoor({ at: 'asking' });
    again();
  }, [again]);
  useEffect(() => watchOtherTabs({ onLogin: again, onEnd: () => setDoor({ at: 'login', ended: true }), onLeave: left }), [again, left]);

  const access = useMemo<Access | undefined>(() => {
    if (inside === undefined) return undefined;
    const leave = async (): Promise<void> => {
      try {
        await logOut();
      } finally {
        left();
      }
    };
    return { ...inside, isAdmin: inside.me.roles.includes('admin'), leave, reconnect: again };
  }, [inside, again, left]);

  const storage = useMemo(() => (inside === undefined ? undefined : ownStorage(inside.me)), [inside]);

  if (access === undefined) {
    if (door.at === 'login') return <LoginPage ended={door.ended} onLogin={again} />;
    return door.at === 'failed' ? <ErrorState error={door.error} onRetry={again} /> : <Loading />;
  }
  const { id, tenant } = access.me;
  return (
    <AccessContext value={access}>
      <VerbatimProvider key={JSON.stringify([tenant, id])} client={access.client} storage={storage}>
        {children}
      </VerbatimProvider>
      {door.at === 'login' && <LoginAgain name={access.loginName} onLogin={again} />}
    </AccessContext>
  );
}

function closedBy({ connection }: Client<JsonApi>): unknown {
  return connection.state.status === 'closed' ? connection.state.reason : undefined;
}

function needsLogin(error: unknown): boolean {
  return error instanceof VerbatimError && (error.code === 'UNAUTHENTICATED' || error.code === 'LOGIN_FAILED');
}
