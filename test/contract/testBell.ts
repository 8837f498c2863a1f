import { describe, expect, test } from 'vitest';
import type { Bell } from '../../src/server/bell.ts';

/** What any bell must do. `open` gives one that nobody listens to yet. */
export function testBell({ name, open }: { readonly name: string; readonly open: () => Bell }): void {
  describe(`bell: ${name}`, () => {
    test('every listener of a thread hears each ring, and no other does', async () => {
      const bell = open();
      const heard: string[] = [];
      bell.listen(1, () => heard.push('a'));
      bell.listen(1, () => heard.push('b'));
      bell.listen(2, () => heard.push('c'));
      bell.ring([1]);
      await expect.poll(() => heard.toSorted()).toEqual(['a', 'b']);
      bell.ring([2, 3]);
      await expect.poll(() => heard.toSorted()).toEqual(['a', 'b', 'c']);
    });

    test('one function that listens twice hears twice, and stops once at a time', async () => {
      const bell = open();
      let heard = 0;
      const listener = (): void => void heard++;
      const stopFirst = bell.listen(1, listener);
      bell.listen(1, listener);
      expect(bell.listeners).toBe(2);
      stopFirst();
      stopFirst();
      expect(bell.listeners).toBe(1);
      bell.ring([1]);
      await expect.poll(() => heard).toBe(1);
    });

    test('a listener that stopped hears nothing more, and leaves nothing behind', async () => {
      const bell = open();
      const heard: number[] = [];
      const stop = bell.listen(1, () => heard.push(1));
      bell.listen(2, () => heard.push(2));
      stop();
      bell.ring([1, 2]);
      await expect.poll(() => heard).toEqual([2]);
      expect(bell.listeners).toBe(1);
    });

    test('a listener may stop itself or others while the bell rings', async () => {
      const bell = open();
      const heard: string[] = [];
      const stops: (() => void)[] = [];
      stops.push(
        bell.listen(1, () => {
          heard.push('a');
          for (const stop of stops) stop();
        }),
      );
      stops.push(bell.listen(1, () => heard.push('b')));
      bell.listen(1, () => heard.push('c'));
      bell.ring([1]);
      await expect.poll(() => heard).toContain('c');
      expect(bell.listeners).toBe(1);
    });

    test('a listener that comes after the last one of a thread stopped is heard', async () => {
      const bell = open();
      bell.listen(1, () => {})();
      let heard = 0;
      bell.listen(1, () => heard++);
      bell.ring([1]);
      await expect.poll(() => heard).toBe(1);
    });

    test('ringing for a thread that nobody listens to does nothing', () => {
      const bell = open();
      bell.ring([1, 2, 3]);
      expect(bell.listeners).toBe(0);
    });
  });
}
