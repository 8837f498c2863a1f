import { useCallback, useSyncExternalStore } from 'react';
import type { Live } from './live.ts';
import type { SharedStores } from './sharedStores.ts';

interface HasLive {
  readonly live: Live<unknown>;
}

type ViewOf<Store extends HasLive> = Store extends { readonly live: Live<infer View> } ? View : never;

interface SharedOptions<Store extends HasLive> {
  readonly stores: SharedStores<Store>;
  readonly client: object;
  /** Absent: there is nothing to look at. */
  readonly key: string | undefined;
  readonly create: () => Store;
  /** What is shown before there is a store: always the same object. */
  readonly first: ViewOf<Store>;
}

const nothing = (): void => {};

/** What a shared store shows. Rendering only looks: the store is made, and reads, once the component is there, and not on a server. */
export function useShared<Store extends HasLive>({ stores, client, key, create, first }: SharedOptions<Store>): ViewOf<Store> {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `create` makes what the key says.
  const subscribe = useCallback(
    (listener: () => void) => (key === undefined ? nothing : stores.open(client, key, create).live.subscribe(listener)),
    [stores, client, key],
  );
  // The edge: a store's view is what its `live` says.
  const view = () => ((key === undefined ? undefined : stores.find(client, key))?.live.view() ?? first) as ViewOf<Store>;
  return useSyncExternalStore(subscribe, view, () => first);
}
