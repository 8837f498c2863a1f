export type { Contract, ContractAgent, ContractTool } from '../agents/contractOf.ts';
export type { RouterScript, Script, ScriptCall, ScriptStep, ScriptTurn } from './contractScript.ts';
export { type ContractServerOptions, createContractServer } from './createContractServer.ts';
export { type ClientMaker, createTestServer, type TestServer, type TestServerOptions } from './createTestServer.ts';
export { type Direction, type FaultProxy, faults, startFaultProxy } from './faultProxy.ts';
export { createManualClock, type ManualClock } from './manualClock.ts';
export {
  type ModelServer,
  type ModelServerOptions,
  type ModelServerRequest,
  type ModelServerStep,
  type ModelServerTurn,
  startModelServer,
} from './modelServer.ts';
export type { ModelServerQuirks } from './modelServerQuirks.ts';
export type { ScriptedCall, ScriptedHostedTool, ScriptedTurn } from './script.ts';
export { type ScriptedModel, type ScriptedModelTurn, type ScriptedStep, scriptedModel } from './scriptedModel.ts';
