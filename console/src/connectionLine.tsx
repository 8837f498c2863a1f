import type { ReactNode } from 'react';
import { useConnection } from 'verbatim-agents/react';
import { useAccess } from './access.tsx';
import { strings } from './strings.ts';

const text = strings.connection;

/** Says when the server is not there. Stands where nothing else is, beside the pages: nothing on a page jumps, and nothing is covered. */
export function ConnectionLine(): ReactNode {
  const { reconnect } = useAccess();
  const { status } = useConnection();
  if (status === 'closed') {
    return (
      <p className="connection-line" role="alert" data-status={status}>
        <span className="connection-more">{text.closed}</span>{' '}
        <button type="button" className="button quiet" onClick={reconnect}>
          {text.again}
        </button>
      </p>
    );
  }
  return (
    <p className="connection-line" role="status" data-status={status}>
      {status === 'connecting' && text.connecting}
      {status === 'offline' && (
        <>
          {text.offline} <span className="connection-more">{text.offlineMore}</span>
        </>
      )}
    </p>
  );
}
