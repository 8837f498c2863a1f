import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` has the agents: the page asks its own origin, and Vite passes it on. */
const server = `http://127.0.0.1:${process.env.PORT ?? 3000}`;

export default defineConfig({
  plugins: [react()],
  // The server's content security policy takes nothing inline.
  build: { assetsInlineLimit: 0 },
  server: { proxy: { '/trpc': { target: server, ws: true }, '/auth': server, '/files': server } },
});
