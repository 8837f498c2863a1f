import type {
  TRPCBuiltRouter,
  TRPCDecorateCreateRouterOptions,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server';
import type { ApiContract, EventOfApi } from '../protocol/contract.ts';
import type { Procedures, Tracked } from '../protocol/procedures.ts';
import type { ErrorShape } from './transportMessage.ts';

interface Root {
  ctx: object;
  meta: object;
  errorShape: ErrorShape;
  transformer: true;
}

interface Definition<Input, Output> {
  input: Input;
  output: Output;
  meta: object;
  errorShape: ErrorShape;
}

type ToProcedure<Procedure> = Procedure extends { kind: 'query'; input: infer Input; output: infer Output }
  ? TRPCQueryProcedure<Definition<Input, Output>>
  : Procedure extends { kind: 'mutation'; input: infer Input; output: infer Output }
    ? TRPCMutationProcedure<Definition<Input, Output>>
    : Procedure extends { kind: 'subscription'; input: infer Input; output: infer Event }
      ? TRPCSubscriptionProcedure<Definition<Input, AsyncIterable<Tracked<Event>, void, unknown>>>
      : never;

/** Groups may hold groups. */
type ToRouter<Groups> = {
  [Name in keyof Groups]: Groups[Name] extends { kind: string } ? ToProcedure<Groups[Name]> : ToRouter<Groups[Name]>;
};

/**
 * The server's router as a type, made of plain types alone: `createTRPCClient<ContractRouter<Api>>` is a typed plain tRPC client, without
 * the server's code and without this SDK.
 */
export type ContractRouter<Api extends ApiContract> = TRPCBuiltRouter<
  Root,
  TRPCDecorateCreateRouterOptions<ToRouter<Procedures<Api, EventOfApi<Api>>>>
>;
