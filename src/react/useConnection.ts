import { useSyncExternalStore } from 'react';
import type { ConnectionState } from '../client/connectionState.ts';
import { useClient } from './provider.ts';

const IDLE: ConnectionState = { status: 'idle' };

/** How the client's connection is. */
export function useConnection(): ConnectionState {
  const { connection } = useClient();
  return useSyncExternalStore(
    (listener) => connection.subscribe(listener),
    () => connection.state,
    () => IDLE,
  );
}
