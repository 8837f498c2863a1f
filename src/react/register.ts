import type { ApiContract, JsonApi } from '../protocol/contract.ts';

/**
 * Names the Api of an application once, for every hook:
 *
 *     declare module 'verbatim-agents/react' {
 *       interface Register { api: Api }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface Register {}

/** What hooks are typed by when they are given nothing: what was registered, or else any Json. */
export type RegisteredApi = Register extends { readonly api: infer Api extends ApiContract } ? Api : JsonApi;
