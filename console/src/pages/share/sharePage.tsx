import { type ReactNode, useEffect, useState } from 'react';
import { type Client, createClient, type JsonApi, type OpenedShare, openShare, VerbatimError } from 'verbatim-agents/client';
import { VerbatimProvider } from 'verbatim-agents/react';
import { keptLogin, origin } from '../../keptLogin.ts';
import { strings } from '../../strings.ts';
import { ThemeChoice } from '../../themeChoice.tsx';
import { EmptyState } from '../../ui/emptyState.tsx';
import { ErrorState } from '../../ui/errorState.tsx';
import { Loading } from '../../ui/loading.tsx';
import { useTitle } from '../../ui/useTitle.ts';
import { KeepShare } from './keepShare.tsx';
import { SharedThread } from './sharedThread.tsx';
import { takeShareSecret } from './shareSecret.ts';
import './share.css';

/** What somebody sees who was given a link: one thread, and nothing else of the server. Needs no login. */
export function SharePage(): ReactNode {
  const [secret, setSecret] = useState(takeShareSecret);
  useTitle(strings.share.untitled);
  useEffect(() => {
    // Another link in the same tab changes the fragment alone, and loads nothing.
    const taken = (): void => setSecret(takeShareSecret());
    window.addEventListener('hashchange', taken);
    return () => window.removeEventListener('hashchange', taken);
  }, []);
  return (
    <div className="share">
      <header className="share-head">
        <span className="share-name">{strings.app.name}</span>
        <ThemeChoice />
      </header>
      <main className="share-main">
        {secret === undefined ? (
          <EmptyState title={strings.share.none}>{strings.share.noneHelp}</EmptyState>
        ) : (
          <Link key={secret} secret={secret} />
        )}
      </main>
    </div>
  );
}

type Opened =
  | { readonly at: 'opening' }
  | { readonly at: 'failed'; readonly error: unknown }
  | { readonly at: 'open'; readonly client: Client<JsonApi>; readonly share: OpenedShare };

/** Trying again cannot help. */
function LinkIsOver(): ReactNode {
  return (
    <div className="state empty" role="alert">
      <h2>{strings.share.over}</h2>
      <p>{strings.share.overHelp}</p>
    </div>
  );
}

/** It was taken back, is past its time, or never was. */
function isOver(error: unknown): boolean {
  return error instanceof VerbatimError && (error.code === 'NOT_FOUND' || error.code === 'UNAUTHENTICATED');
}

function Link({ secret }: { readonly secret: string }): ReactNode {
  const [opened, setOpened] = useState<Opened>({ at: 'opening' });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is opened again when that is asked for.
  useEffect(() => {
    let isLeft = false;
    let client: Client<JsonApi> | undefined;
    setOpened({ at: 'opening' });
    const open = async (): Promise<void> => {
      const share = await openShare({ url: origin, secret });
      if (isLeft) return;
      let first: string | undefined = share.token;
      const token = async (): Promise<string> => {
        const given = first ?? (await openShare({ url: origin, secret })).token;
        first = undefined;
        return given;
      };
      client = createClient<JsonApi>({ url: origin, token });
      setOpened({ at: 'open', client, share });
    };
    open().catch((error: unknown) => isLeft || setOpened({ at: 'failed', error }));
    return () => {
      isLeft = true;
      void client?.close();
    };
  }, [secret, attempt]);

  if (opened.at !== 'open') {
    return (
      <>
        <h1 className="hidden">{strings.share.untitled}</h1>
        {opened.at === 'opening' ? (
          <Loading />
        ) : isOver(opened.error) ? (
          <LinkIsOver />
        ) : (
          <ErrorState error={opened.error} onRetry={() => setAttempt(attempt + 1)} />
        )}
      </>
    );
  }
  return (
    <VerbatimProvider client={opened.client}>
      <SharedThread share={opened.share} onLost={(error) => setOpened({ at: 'failed', error })}>
        {keptLogin() !== undefined && <KeepShare secret={secret} threadId={opened.share.threadId} />}
      </SharedThread>
    </VerbatimProvider>
  );
}
