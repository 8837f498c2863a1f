import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { type Client, createClient, type JsonApi, VerbatimError, type WhoAmI } from 'verbatim-agents/client';
import { VerbatimProvider } from 'verbatim-agents/react';
import { forget, keptLogin, logOut, origin } from './keptLogin.ts';
import { LoginPage } from './pages/login/loginPage.tsx';
import { ErrorState } from './ui/errorState.tsx';
import { Loading } from './ui/loading.tsx';

export interface Access {
  readonly client: Client<JsonApi>;
  readonly me: WhoAmI['principal'];
  /** May see what is the server's own: users, keys, connections, the audit log, settings, figures. */
  readonly isAdmin: boolean;
  /** Somebody logged in, who can log out. */
  readonly hasLogin: boolean;
  leave(): Promise<void>;
}

const AccessContext = createContext<Access | undefined>(undefined);

export function useAccess(): Access {
  const access = useContext(AccessContext);
  if (access === undefined) throw new Error('useAccess is for what is inside of AccessGate.');
  return access;
}

type Door =
  | { readonly at: 'asking' }
  | { readonly at: 'login'; readonly ended: boolean }
  | { readonly at: 'failed'; readonly error: unknown }
  | { readonly at: 'inside'; readonly client: Client<JsonApi>; readonly me: WhoAmI['principal']; readonly hasLogin: boolean };

/** Shows the console to whom the server knows, and to others the login. */
export function AccessGate({ children }: { readonly children: ReactNode }): ReactNode {
  const [door, setDoor] = useState<Door>({ at: 'asking' });
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is made again when it is asked for.
  useEffect(() => {
    const token = keptLogin();
    const client = createClient<JsonApi>({ url: origin, ...(token !== undefined && { token }) });
    let gone = false;
    setDoor({ at: 'asking' });
    client.trpc.auth.whoami.query().then(
      ({ principal }) => {
        if (!gone) setDoor({ at: 'inside', client, me: principal, hasLogin: token !== undefined });
      },
      (error: unknown) => {
        if (gone) return;
        if (!needsLogin(error) && !needsLogin(closedBy(client))) return setDoor({ at: 'failed', error });
        forget();
        setDoor({ at: 'login', ended: token !== undefined });
      },
    );
    // Midway, too: an expired login, or one that was revoked.
    const stop = client.connection.subscribe((state) => {
      if (gone || state.status !== 'closed' || !needsLogin(state.reason)) return;
      forget();
      setDoor({ at: 'login', ended: true });
    });
    return () => {
      gone = true;
      stop();
      void client.close();
    };
  }, [attempt]);

  const access = useMemo<Access | undefined>(() => {
    if (door.at !== 'inside') return undefined;
    const leave = async (): Promise<void> => {
      await logOut();
      again();
    };
    return { client: door.client, me: door.me, hasLogin: door.hasLogin, isAdmin: door.me.roles.includes('admin'), leave };
  }, [door, again]);

  if (door.at === 'login') return <LoginPage ended={door.ended} onLogin={again} />;
  if (door.at === 'failed') return <ErrorState error={door.error} onRetry={again} />;
  if (access === undefined) return <Loading />;
  return (
    <AccessContext value={access}>
      <VerbatimProvider client={access.client}>{children}</VerbatimProvider>
    </AccessContext>
  );
}

function closedBy({ connection }: Client<JsonApi>): unknown {
  return connection.state.status === 'closed' ? connection.state.reason : undefined;
}

function needsLogin(error: unknown): boolean {
  return error instanceof VerbatimError && (error.code === 'UNAUTHENTICATED' || error.code === 'LOGIN_FAILED');
}
