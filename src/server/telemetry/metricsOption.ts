/** Who may see how a server does: `false` for nobody; with a token, who has it. */
export type MetricsOption = boolean | { readonly token: string };
