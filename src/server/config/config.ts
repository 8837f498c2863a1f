import type { ServerOptions } from '../serverOptions.ts';
import type { ListenOptions } from '../verbatimServer.ts';

export interface CommandOptions {
  /** Of the log on stderr, where there is no `logger`. Default `warn`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Everything there is to configure, for `verbatim serve`: the options of `createServer`, those of `listen`, and the command's own. */
export interface Config extends ServerOptions, ListenOptions, CommandOptions {}

/** An option that there is not does not compile: a type parameter alone would let it pass. */
type NoOthers<Options> = { readonly [Key in Exclude<keyof Options, keyof Config>]: never };

/** Options as a configuration file exports them. Flags and the environment go before them. */
export function defineConfig<const Options extends Config>(options: Options & NoOthers<Options>): Options {
  return options;
}
