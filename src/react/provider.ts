import { createContext, createElement, type ReactNode, useContext, useEffect } from 'react';
import type { Client } from '../client/client.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { RegisteredApi } from './register.ts';
import { threadStoreOf } from './threadStore.ts';
import { type MessageStorage, unsentOf } from './unsent.ts';

const ClientContext = createContext<unknown>(undefined);

/**
 * Gives a client to the hooks within. The client is the application's: it is not closed here. In `storage`, own messages are kept until the server has
 * them, and are sent again, each once, after a reload: `sessionStorage` is one. It is to be another's for another user.
 */
export function VerbatimProvider<Api extends ApiContract>({
  client,
  storage,
  children,
}: {
  readonly client: Client<Api>;
  readonly storage?: MessageStorage | undefined;
  readonly children?: ReactNode;
}): ReactNode {
  // Not in an effect: those of the children, who read it, come first. It is the same however often it is rendered.
  unsentOf(client).storage = storage;
  const isKept = storage !== undefined;
  useEffect(() => {
    // The edge: messages are sent by what every Api has in common.
    const anyClient = client as unknown as Client<ApiContract>;
    // Those that a component shows have been taken by it.
    if (isKept) for (const threadId of unsentOf(client).threadIds) threadStoreOf(anyClient, threadId).restore();
  }, [client, isKept]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest `VerbatimProvider`. Throws where there is none. */
export function useClient<Api extends ApiContract = RegisteredApi>(): Client<Api> {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('There is no client here. Put <VerbatimProvider client={client}> around what uses this hook.');
  // The edge: the provider was given it, and the application says of which Api it is.
  return client as Client<Api>;
}
