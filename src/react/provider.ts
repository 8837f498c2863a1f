import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { Client } from '../client/client.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { RegisteredApi } from './register.ts';

const ClientContext = createContext<unknown>(undefined);

/** Gives a client to the hooks within. The client is the application's: it is not closed here. */
export function VerbatimProvider<Api extends ApiContract>({
  client,
  children,
}: {
  readonly client: Client<Api>;
  readonly children?: ReactNode;
}): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest `VerbatimProvider`. Throws where there is none. */
export function useClient<Api extends ApiContract = RegisteredApi>(): Client<Api> {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('There is no client here. Put <VerbatimProvider client={client}> around what uses this hook.');
  // The edge: the provider was given it, and the application says of which Api it is.
  return client as Client<Api>;
}
