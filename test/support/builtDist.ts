import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Throws when `dist` is not what `npm run build` makes of the sources: a test of it would test something else. `npm test` builds first. */
export function expectBuilt(): void {
  execFileSync(process.execPath, [`${ROOT}/scripts/build.mjs`, '--check'], { stdio: ['ignore', 'inherit', 'inherit'] });
}
