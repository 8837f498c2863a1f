import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from 'verbatim-agents/client';
import { VerbatimProvider } from 'verbatim-agents/react';
import type { Api } from '../agents.ts';
import { Chat } from './chat.tsx';
import './style.css';

// The hooks are typed by these agents from here on.
declare module 'verbatim-agents/react' {
  interface Register {
    api: Api;
  }
}

const client = createClient<Api>({ url: location.origin });
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <VerbatimProvider client={client}>
      <Chat />
    </VerbatimProvider>
  </StrictMode>,
);
