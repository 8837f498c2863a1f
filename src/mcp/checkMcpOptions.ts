import { nearestName } from '../server/nearestName.ts';
import type { McpToolsOptions } from './mcpTools.ts';

type KeyOfEach<Option> = Option extends unknown ? keyof Option : never;

const KNOWN: Readonly<Record<KeyOfEach<McpToolsOptions>, true>> = {
  name: true,
  url: true,
  headers: true,
  command: true,
  args: true,
  env: true,
  cwd: true,
  include: true,
  tools: true,
  trustHints: true,
  logger: true,
  needsApproval: true,
  idempotent: true,
  timeoutMs: true,
  scopes: true,
  maxConcurrent: true,
  retry: true,
  cache: true,
  maxTools: true,
  maxMessageBytes: true,
  connectTimeoutMs: true,
  closeGraceMs: true,
};

/** For those whom no compiler tells. Throws a `TypeError` for an option that there is not, and for a server that is nowhere. */
export function checkMcpOptions(options: { readonly url?: unknown; readonly command?: unknown }): void {
  const names = Object.keys(KNOWN);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(KNOWN, name)) continue;
    const nearest = nearestName(name, names);
    const hint = nearest === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${nearest}"?`;
    throw new TypeError(`mcpTools has no option "${name}". ${hint}`);
  }
  if (options.url === undefined && options.command === undefined) {
    throw new TypeError('mcpTools needs the `url` of a server, or a `command` that starts one. It has neither.');
  }
}
