export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** The addresses of a name, all of them. */
export type HostLookup = (hostname: string) => Promise<readonly HostAddress[]>;
