import { useEffect } from 'react';

/** Calls it again and again, that long after the last one is done, while the page is looked at; and at once when it is looked at again. */
export function useWhileVisible(act: () => Promise<unknown>, everyMs: number): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const later = (): void => {
      clearTimeout(timer);
      if (!isOver && document.visibilityState === 'visible') timer = setTimeout(next, everyMs);
    };
    const next = (): void => void act().then(later, later);
    const changed = (): void => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') next();
    };
    document.addEventListener('visibilitychange', changed);
    later();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', changed);
    };
  }, [act, everyMs]);
}
