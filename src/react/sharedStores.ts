import type { Live } from './live.ts';

interface HasLive {
  readonly live: Pick<Live<unknown>, 'rest' | 'onUnused'>;
}

/** The one store of each thing for all who look at it by the same client, as long as somebody does. */
export class SharedStores<Store extends HasLive> {
  readonly #byClient = new WeakMap<object, Map<string, Store>>();

  /** Makes none: rendering may ask it. */
  find(client: object, key: string): Store | undefined {
    return this.#byClient.get(client)?.get(key);
  }

  open(client: object, key: string, create: () => Store): Store {
    return this.find(client, key) ?? this.add(client, key, create());
  }

  add(client: object, key: string, store: Store): Store {
    const stores = this.#byClient.get(client) ?? new Map<string, Store>();
    this.#byClient.set(client, stores);
    stores.set(key, store);
    store.live.onUnused = () => {
      if (stores.get(key) === store) stores.delete(key);
    };
    // One that was asked for by an action alone has nobody who looks at it.
    store.live.rest();
    return store;
  }
}
