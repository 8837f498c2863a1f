import { cpus, release, type } from 'node:os';
import { canPin } from './benchProcess.ts';

/** Where a run took place. */
export interface Machine {
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly pinned: boolean;
}

export function machine(): Machine {
  return {
    node: process.versions.node,
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    pinned: canPin,
  };
}

export function describeMachine({ node, system, cpu, cores, pinned }: Machine): string {
  return `Node ${node}, ${system}, ${cores} x ${cpu}, ${pinned ? 'server and load pinned to one core each' : 'not pinned'}`;
}
