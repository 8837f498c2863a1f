/** The first line of every file of code. */
export const NOTICE = '// Written by `verbatim generate`. Changes are lost when it is run again.\n';

/** A line of imports or exports: `import type { Api } from './api.js';`. */
export function fromModule(module: string, what: string): string {
  return `${what} from '${module}';\n`;
}
