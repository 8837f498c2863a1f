import { mcpTools } from '../../src/mcp/index.ts';
import { callContext, stdioCommand } from './toolCalls.ts';

// Connects to a stubborn server, prints the processes there are by now, and stays.
const sample = await mcpTools({ name: 'sample', ...stdioCommand('stubborn') });
const pids = sample.tools().find((tool) => tool.name === 'sample__pids');
console.log(JSON.stringify(await pids?.execute({}, callContext())));
