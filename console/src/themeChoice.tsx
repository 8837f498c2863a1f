import { type ReactNode, useState } from 'react';
import { strings } from './strings.ts';

const KEY = 'verbatim.theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

export function ThemeChoice(): ReactNode {
  const [theme, setTheme] = useState<Theme>(keptTheme);
  const choose = (next: Theme): void => {
    setTheme(next);
    localStorage.setItem(KEY, next);
    showTheme(next);
  };
  return (
    <label className="theme-choice">
      <span className="hidden">{strings.app.theme.label}</span>
      <select value={theme} onChange={({ target }) => choose(THEMES.find((one) => one === target.value) ?? 'system')}>
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {strings.app.theme[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

export function keptTheme(): Theme {
  return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'system';
}

/** `system` is what the style sheet does by itself. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
