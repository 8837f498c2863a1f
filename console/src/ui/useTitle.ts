import { useEffect } from 'react';
import { strings } from '../strings.ts';

/** The title of the document, while it is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · ${strings.app.name}`;
    return () => {
      document.title = before;
    };
  }, [title]);
}
