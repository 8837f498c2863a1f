import { useEffect, useState } from 'react';
import { useClient } from 'verbatim-agents/react';
import { useAccess } from '../../access.tsx';

/** Whether the caller may decide a call. The server knows; until it has said so, what its roles let expect, so that the form of those who may is there at once. */
export function useMayDecide(callId: string, role: string | undefined): boolean {
  const client = useClient();
  const { me } = useAccess();
  const [known, setKnown] = useState<{ readonly callId: string; readonly may: boolean }>();
  useEffect(() => {
    let isOver = false;
    client.approvals.list({ callId }).then(
      ({ items: [approval] }) => {
        // One that is decided meanwhile has no form, whoever looks.
        if (!isOver && approval?.status === 'pending') setKnown({ callId, may: approval.mayDecide === true });
      },
      () => {}, // Whoever decides is told by the server then.
    );
    return () => {
      isOver = true;
    };
  }, [client, callId]);
  return known?.callId === callId ? known.may : role === undefined || me.roles.includes(role);
}
