import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import statics from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { isVisit } from './isVisit.ts';

/** Every page of the console is the one document, whose script looks at the path. */
export const CONSOLE_PATHS = [
  '/',
  '/threads',
  '/threads/:id',
  '/runs/:runId',
  '/approvals',
  '/agents',
  '/agents/:name',
  '/dashboard',
  '/users',
  '/keys',
  '/connections',
  '/audit',
  '/settings',
  '/account',
  '/share',
] as const;

/** The web console: built files that anybody may load. What is shown in it comes by calls, and those ask who is there. */
export async function consoleRoutes(app: FastifyInstance): Promise<void> {
  const folder = consoleFolder();
  if (folder === undefined) {
    app.get('/', { exposeHeadRoute: false }, () => {
      throw new VerbatimError('NOT_FOUND', 'The console is not built here: npm run build.');
    });
    return;
  }
  await app.register(statics, {
    root: `${folder}assets`,
    prefix: '/assets/',
    // The names of the files have their hashes in them. The document, which names them, is sent by this too: it keeps the server's own
    // header, by which nothing is kept.
    cacheControl: false,
    setHeaders: (reply, path) => {
      if (!path.endsWith('.html')) reply.setHeader('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  for (const path of CONSOLE_PATHS) {
    app.get(path, (_request, reply) => reply.sendFile('index.html', folder, { cacheControl: false }));
  }
  // A browser that goes anywhere else is told by a page that there is none; whoever else asks is told as an API tells it.
  const document = readFileSync(`${folder}index.html`, 'utf8');
  app.get('/*', { exposeHeadRoute: false }, (request, reply) =>
    isVisit(request) ? reply.code(404).type('text/html; charset=utf-8').send(document) : reply.callNotFound(),
  );
}

/** Beside the server in the package; a server that runs from its source has it in `dist`. */
function consoleFolder(): string | undefined {
  return ['../console/', '../../dist/console/']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((folder) => existsSync(`${folder}index.html`));
}
