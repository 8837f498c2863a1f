import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where `npx vite console` finds a server, while the console is being worked on. */
const SERVER = process.env.VERBATIM_URL ?? 'http://127.0.0.1:3000';
const PATHS = ['/trpc', '/auth', '/oauth', '/files', '/threads/export', '/health'];

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: {
    alias: {
      'verbatim-agents/client': here('../src/client/index.ts'),
      'verbatim-agents/react': here('../src/react/index.ts'),
    },
  },
  build: {
    outDir: here('../dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // Everything is a file of the server's own: its content security policy takes nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(PATHS.map((path) => [path, { target: SERVER, ws: true }])) },
});
