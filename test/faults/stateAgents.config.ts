import * as verbatim from 'verbatim-agents';
import { stateAgents } from './stateAgents.ts';

const { MODEL_URL: modelUrl = '', DOOR_URL: doorUrl = '' } = process.env;

export default verbatim.defineConfig({ agents: stateAgents(verbatim, { modelUrl, doorUrl }) });
