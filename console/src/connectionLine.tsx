import type { ReactNode } from 'react';
import { useConnection } from 'verbatim-agents/react';
import { useAccess } from './access.tsx';
import { strings } from './strings.ts';

/** Says when the server is not there. Takes no room of its own, so that nothing jumps. */
export function ConnectionLine(): ReactNode {
  const { reconnect } = useAccess();
  const { status } = useConnection();
  const text = status === 'offline' ? strings.connection.offline : status === 'connecting' ? strings.connection.connecting : '';
  if (status === 'closed') {
    return (
      <p className="connection-line" role="alert" data-status={status}>
        {strings.connection.closed}{' '}
        <button type="button" className="button quiet" onClick={reconnect}>
          {strings.connection.again}
        </button>
      </p>
    );
  }
  return (
    <p className="connection-line" role="status" data-status={status} hidden={text === ''}>
      {text}
    </p>
  );
}
