import { useEffect, useState } from 'react';

export interface Colours {
  readonly of: (name: string) => string;
  /** Of the page, for texts on a canvas. */
  readonly font: string;
}

/** The theme's colours for a canvas, which knows no style sheet. Another object whenever the theme has changed. */
export function useColours(): Colours {
  const [colours, setColours] = useState(readColours);
  useEffect(() => {
    const look = (): void => setColours(readColours());
    const chosen = new MutationObserver(look);
    chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', look);
    return () => {
      chosen.disconnect();
      system.removeEventListener('change', look);
    };
  }, []);
  return colours;
}

function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  const of = (name: string): string => {
    const colour = known.get(name) ?? style.getPropertyValue(`--${name}`).trim();
    known.set(name, colour);
    return colour;
  };
  return { of, font: `11px ${style.fontFamily}` };
}
