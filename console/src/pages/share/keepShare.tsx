import { type ReactNode, useState } from 'react';
import { createClient } from 'verbatim-agents/client';
import { keptLogin, origin } from '../../keptLogin.ts';
import { strings } from '../../strings.ts';
import { Refusal } from '../../ui/refusal.tsx';

/** For those who have a login: the thread is then among those that are shared with them. */
export function KeepShare({ secret, threadId }: { readonly secret: string; readonly threadId: string }): ReactNode {
  const login = keptLogin();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  if (login === undefined) return null;
  const keep = async (): Promise<void> => {
    const client = createClient({ url: origin, token: login.token });
    setBusy(true);
    try {
      await client.threads.claimShare({ secret });
      window.location.assign(`/threads/${threadId}`);
    } catch (cause) {
      setError(cause);
      setBusy(false);
    } finally {
      await client.close();
    }
  };
  return (
    <div className="share-keep">
      <button type="button" className="button" disabled={isBusy} onClick={() => void keep()}>
        {strings.share.keep}
      </button>
      <Refusal error={error} />
    </div>
  );
}
