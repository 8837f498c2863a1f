import { mcpTools } from '../../src/mcp/index.ts';
import { callContext } from './toolCalls.ts';

// Connects to the server that its arguments run, prints the processes there are by now, and stays.
const sample = await mcpTools({ name: 'sample', command: process.execPath, args: process.argv.slice(2) });
const pids = sample.tools().find((tool) => tool.name === 'sample__pids');
console.log(JSON.stringify(await pids?.execute({}, callContext())));
