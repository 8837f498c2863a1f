import assert from 'node:assert/strict';
import { createElement, StrictMode, version } from 'react';
import { renderToString } from 'react-dom/server';
import { createTestServer } from 'verbatim-agents/testing';
import { type Api, agents } from './agents.js';
import { page } from './react.js';

await using server = await createTestServer({ agents });
const run = await server.client<Api>().send({ agent: 'support', text: 'Where is order 42?' });
await run.result();

const { client, node } = page(server.url, run.threadId);
assert.equal(renderToString(node), '<ul title="loading"></ul>');
// On a server it asks for nothing.
assert.equal(client.connection.state.status, 'idle');

// Only now: a page in the process, which the server would take for a browser's.
await import(process.env.PAGE ?? 'the page is not given');
const { createRoot } = await import('react-dom/client');
const element = document.createElement('div');
const root = createRoot(element);
root.render(createElement(StrictMode, null, node));
const deadline = Date.now() + 10_000;
while (!element.innerHTML.includes('title="idle"') && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
assert.equal(element.innerHTML, '<ul title="idle"><li>Where is order 42?</li><li></li><li>Order 42 is on its way.</li></ul>');
assert.equal(server.stats.watches, 1);
root.unmount();
await client.close();
console.log(`the hooks ran on React ${version}`);
