import { appendFileSync } from 'node:fs';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { sampleServer } from './sampleServer.ts';

// The sample server on stdin and stdout. Its arguments: `stubborn` ends neither with its input nor when it is told to, and a file gets a line for
// each call.
const [mode, file] = process.argv.slice(2);
if (mode === 'stubborn') {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1_000);
}
console.log('This line is no message.');
console.error('the sample server is up');
const server = sampleServer({ onCall: (tool) => file !== undefined && appendFileSync(file, `${tool}\n`) });
await server.connect(new StdioServerTransport());
