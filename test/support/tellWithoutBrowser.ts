import { CHROMIUM, hasChromium } from './chromium.ts';

/** For vitest, before any test: what is left out on this machine. */
export function setup(): void {
  if (!hasChromium) console.log(`There is no browser at ${CHROMIUM}: the tests of the console and others in a browser are left out.`);
}
