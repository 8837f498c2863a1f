import type { ReactNode } from 'react';
import { useConnection } from 'verbatim-agents/react';
import { strings } from './strings.ts';

/** Says when the server is not there. Takes no room of its own, so that nothing jumps. */
export function ConnectionLine(): ReactNode {
  const { status } = useConnection();
  const text = status === 'offline' ? strings.connection.offline : status === 'connecting' ? strings.connection.connecting : '';
  return (
    <p className="connection-line" role="status" data-status={status} hidden={text === ''}>
      {text}
    </p>
  );
}
