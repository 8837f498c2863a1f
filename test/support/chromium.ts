import { existsSync } from 'node:fs';

export const CHROMIUM = process.env.VERBATIM_TEST_CHROMIUM || '/usr/bin/chromium';
/** Without a browser the tests in one are left out; `.ci/run` installs it, and fails when they were. */
export const hasChromium = existsSync(CHROMIUM);
