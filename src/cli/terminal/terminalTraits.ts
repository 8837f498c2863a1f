/** What a terminal can show. */
export interface TerminalTraits {
  /** Colours, bold and the like. */
  readonly hasStyles: boolean;
  /** OSC 8: a text that leads somewhere. */
  readonly hasLinks: boolean;
  readonly spinner: readonly string[];
}

const BRAILLE = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const STROKES = ['|', '/', '-', '\\'];

export function terminalTraits(env: NodeJS.ProcessEnv): TerminalTraits {
  return {
    hasStyles: !env.NO_COLOR && env.TERM !== 'dumb',
    hasLinks: env.TERM !== 'dumb' && knowsLinks(env),
    // The fonts of the Linux console have no Braille.
    spinner: env.TERM === 'linux' ? STROKES : BRAILLE,
  };
}

/** No terminal can be asked; those that are known to follow links say who they are. Inside of screen or tmux they may not be reached. */
function knowsLinks(env: NodeJS.ProcessEnv): boolean {
  if (env.FORCE_HYPERLINK !== undefined) return env.FORCE_HYPERLINK !== '0';
  if (/^(?:screen|tmux)/.test(env.TERM ?? '')) return false;
  return (
    /^(?:iTerm\.app|vscode|WezTerm|ghostty|Hyper|rio|WarpTerminal)$/.test(env.TERM_PROGRAM ?? '') ||
    /^(?:xterm-kitty|xterm-ghostty|alacritty|foot)/.test(env.TERM ?? '') ||
    Number(env.VTE_VERSION ?? 0) >= 5_000 ||
    Boolean(env.WT_SESSION ?? env.KONSOLE_VERSION ?? env.KITTY_WINDOW_ID)
  );
}
