import type { RunRow } from '../db/runs.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { driveCustomAgent } from './driveCustomAgent.ts';
import { driveFanOut } from './driveFanOut.ts';
import { driveModelAgent } from './driveModelAgent.ts';
import { driveRouter } from './driveRouter.ts';
import { mayUseAgent } from './mayUse.ts';
import type { Drive, Driven } from './runWorker.ts';

/** The agent that speaks in a run now. */
export function agentOf({ agent, currentAgent }: RunRow): string {
  return currentAgent ?? agent;
}

/** Works on a run as its agent does. Throws `AGENT_CHANGED` when a deploy has taken away what it needs. */
export async function driveAgent(drive: Drive, again: boolean): Promise<Driven> {
  const { registry, run, agentName } = drive;
  if (run.agents !== null) return driveFanOut(run.agents, drive);
  const agent = registry.get(agentName);
  if (agent === undefined) throw new VerbatimError('AGENT_CHANGED', `The agent ${agentName} is no longer there.`);
  // Roles may have changed while it waited.
  if (!mayUseAgent({ may: drive.may, principal: run.principal }, agentName, agent)) {
    throw new VerbatimError('NOT_ALLOWED', `Whoever sent this may not use the agent ${agentName} any more.`);
  }
  switch (agent.kind) {
    case 'model':
      return driveModelAgent(agent, drive, { again });
    case 'custom':
      return driveCustomAgent(agent, drive);
    case 'router':
      return driveRouter(agent, drive);
  }
}
