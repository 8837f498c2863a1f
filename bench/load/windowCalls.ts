import { TokenWindow, type WindowReport } from './tokenWindow.ts';

let window: TokenWindow | undefined;

/** Counts the tokens of a frame if they are being counted. */
export function takeDelta(delta: string): void {
  window?.take(delta);
}

/** The calls by which a parent has the tokens of a load process counted. */
export const windowCalls = {
  startWindow(): void {
    window = new TokenWindow();
  },
  stopWindow(): WindowReport {
    if (window === undefined) throw new Error('no window is open');
    const report = window.close();
    window = undefined;
    return report;
  },
};

export type WindowCalls = typeof windowCalls;
