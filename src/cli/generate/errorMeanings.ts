import { readFileSync } from 'node:fs';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../../protocol/errorCodes.ts';

/** Codes that only the one who runs a server meets. */
const OF_OPERATORS = /^(?:DATABASE_|NATIVE_|CONFIG_|OUTPUT_REFUSED)/;

/** When each error code is used that a client can meet, a sentence or two, as PROTOCOL.md says it: that file is part of the package. */
export function errorMeanings(): ReadonlyMap<ErrorCode, string> {
  // The same place from src/cli/generate and from dist/cli/generate.
  const protocol = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
  const meanings = new Map<ErrorCode, string>();
  for (const [, code, meaning = ''] of protocol.matchAll(/^\| `([A-Z_]+)` \| \d+ \| (?:yes|no) \| (.+) \|$/gm)) {
    if (!isErrorCode(code) || OF_OPERATORS.test(code)) continue;
    const sentence = meaning.replaceAll('\\|', '|').replace(/^[a-z]/, (first) => first.toUpperCase());
    meanings.set(code, `${sentence}.${ERROR_CODES[code].retryable ? ' The same call may succeed later.' : ''}`);
  }
  return meanings;
}
