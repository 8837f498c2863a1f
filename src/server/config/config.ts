import type { ServerOptions } from '../serverOptions.ts';
import type { ListenOptions } from '../verbatimServer.ts';

/** Everything there is to configure, for `verbatim serve`: the options of `createServer` and those of `listen`. */
export interface Config extends ServerOptions, ListenOptions {}

/** An option that there is not does not compile: a type parameter alone would let it pass. */
type NoOthers<Options> = { readonly [Key in Exclude<keyof Options, keyof Config>]: never };

/** Options as a configuration file exports them. Flags and the environment go before them. */
export function defineConfig<const Options extends Config>(options: Options & NoOthers<Options>): Options {
  return options;
}
