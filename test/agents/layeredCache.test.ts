import { describe, expect, it, vi } from 'vitest';
import { BoundedStore } from '../../src/agents/boundedStore.ts';
import { type CacheStore, layeredCache } from '../../src/agents/layeredCache.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const HOUR = 3_600_000;

describe('memory', () => {
  it('holds as many entries as it may, and drops what was used least lately', () => {
    const store = new BoundedStore({ maxEntries: 2, maxBytes: 1_000 });
    store.set('a', '1');
    store.set('b', '2');
    store.get('a');
    store.set('c', '3');
    expect([store.get('a'), store.get('b'), store.get('c')]).toEqual(['1', undefined, '3']);
    expect(store.size).toBe(2);
  });

  it('holds as many bytes as it may, and keeps nothing that is too large alone', () => {
    const store = new BoundedStore({ maxEntries: 100, maxBytes: 10 });
    store.set('a', '1234');
    store.set('b', '1234');
    expect(store.bytes).toBe(10);
    store.set('b', '12345');
    expect([store.get('a'), store.get('b'), store.bytes]).toEqual([undefined, '12345', 6]);
    store.set('c', 'é'.repeat(5));
    expect([store.get('b'), store.get('c'), store.bytes]).toEqual(['12345', undefined, 6]);
    store.delete('b');
    store.delete('b');
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it('of a cache is bounded by its options', async () => {
    const cache = layeredCache({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key, HOUR);
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual([undefined, 'b', 'c']);
  });
});

it('a value is gone when its time is over, by the clock of the application', async () => {
  const clock = createManualClock();
  const cache = layeredCache({ clock });
  await cache.set('a', { n: [1, null, 'x'] }, HOUR);
  await clock.advance(HOUR - 1);
  expect(await cache.get('a')).toEqual({ n: [1, null, 'x'] });
  await clock.advance(1);
  expect(await cache.get('a')).toBeUndefined();
});

it('a value that is too large is not kept', async () => {
  const second = mapStore();
  const cache = layeredCache({ maxEntryBytes: 100, second });
  await cache.set('a', 'x'.repeat(101), HOUR);
  expect(await cache.get('a')).toBeUndefined();
  expect(second.map.size).toBe(0);
});

function mapStore() {
  const map = new Map<string, string>();
  const store: CacheStore = {
    get: async (key) => map.get(key),
    set: async (key, value) => map.set(key, value),
    delete: async (key) => map.delete(key),
    clear: async () => map.clear(),
  };
  return { ...store, map };
}

describe('a second layer', () => {
  it('has what another process was given', async () => {
    const second = mapStore();
    await layeredCache({ second }).set('a', 'kept', HOUR);
    await vi.waitFor(() => expect(second.map.size).toBe(1));
    const other = layeredCache({ second });
    expect(await other.get('a')).toBe('kept');
    second.map.clear();
    // Now it is in memory too.
    await vi.waitFor(async () => expect(await other.get('a')).toBe('kept'));
  });

  it('that fails holds nothing, and the application is told', async () => {
    const failing = (): never => {
      throw new Error('no connection');
    };
    const onError = vi.fn();
    const cache = layeredCache({ second: { get: failing, set: failing, delete: failing, clear: failing }, onError });
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 1, HOUR);
    expect(await cache.get('a')).toBe(1);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'no connection' }));
  });

  it('that does not answer is passed over after a second', async () => {
    const clock = createManualClock();
    const cache = layeredCache({ second: { ...mapStore(), get: () => new Promise(() => {}) }, clock });
    const found = cache.get('a');
    await clock.advance(1_000);
    expect(await found).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it.each([['not JSON'], ['null'], ['{}'], ['{"expiresAt":"never","value":1}']])('with %s under our key holds nothing', async (value) => {
    const cache = layeredCache({ second: { ...mapStore(), get: async () => JSON.stringify({ value }) } });
    expect(await cache.get('a')).toBeUndefined();
  });
});
