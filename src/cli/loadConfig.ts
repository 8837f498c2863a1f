import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import type { Config } from '../index.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { ownModules } from '../worker/ownModules.ts';

/** Looked for in this order; the first one counts. */
const CONFIG_NAMES = ['verbatim.config.ts', 'verbatim.config.js', 'verbatim.config.mjs'] as const;

export interface LoadedConfig {
  readonly file: string;
  readonly options: Config;
}

/**
 * The options that a config file exports by default; undefined when none is named and `directory` has none. TypeScript works on every
 * Node. What it imports from `verbatim-agents` is the package that runs, installed beside it or not: never a second copy. `zod` is its own
 * where it has one, else ours. Throws `CONFIG_INVALID`, naming the file and what is wrong with it.
 */
export async function loadConfig(directory: string, named?: string): Promise<LoadedConfig | undefined> {
  const file = named === undefined ? findConfig(directory) : resolve(directory, named);
  if (file === undefined) return undefined;
  if (!existsSync(file)) throw new VerbatimError('CONFIG_INVALID', `There is no config file ${file}`);
  return { file, options: checkOptions(file, await importDefault(file)) };
}

function findConfig(directory: string): string | undefined {
  return CONFIG_NAMES.map((name) => join(directory, name)).find((file) => existsSync(file));
}

async function importDefault(file: string): Promise<unknown> {
  const jiti = createJiti(file, { virtualModules: await ownModules(file), interopDefault: false });
  try {
    const module = await jiti.import<{ readonly default?: unknown }>(file);
    return module.default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new VerbatimError('CONFIG_INVALID', `${file} cannot be loaded: ${reason}`, { cause });
  }
}

/** Only what would otherwise fail far from here; `readConfig` and `createServer` look at the rest. */
function checkOptions(file: string, options: unknown): Config {
  const wrong = (what: string): VerbatimError => new VerbatimError('CONFIG_INVALID', `${file}: ${what}`);
  if (options === undefined)
    throw wrong(`it has no default export. Write: export default defineConfig({ agents: { ... } }) in ${basename(file)}`);
  if (typeof options !== 'object' || options === null) throw wrong('its default export is not an object of options');
  const { agents } = options as { readonly agents?: unknown };
  if (typeof agents !== 'object' || agents === null || Array.isArray(agents)) {
    throw wrong('"agents" must be an object of agents by name: { assistant: defineAgent({ ... }) }');
  }
  const names = Object.entries(agents);
  if (names.length === 0) throw wrong('"agents" has no agent');
  for (const [name, agent] of names) {
    if (typeof agent !== 'object' || agent === null) throw wrong(`agents.${name} is not an agent: make it with defineAgent({ ... })`);
  }
  // The outer shape is checked; each option is checked by its own rules where it is used.
  return options as Config;
}
