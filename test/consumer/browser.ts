import { createClient, emptyThread, type JsonApi, reduceThread } from 'verbatim-agents/client';

const client = createClient<JsonApi>({ url: location.origin });
let state = emptyThread;
for await (const event of client.thread('thread_1').watch()) state = reduceThread(state, event);
document.title = String(state.messages.length);
