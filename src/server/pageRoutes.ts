import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import statics from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { isVisit } from './isVisit.ts';

/** Where Vite puts what has its hash in its name. */
const HASHED = `${sep}assets${sep}`;

/**
 * The application's own page: the files that are in `folder` when the server starts, and `index.html` for each other path that a browser goes
 * to, since the page's script looks at the path. Throws `CONFIG_INVALID` when there is no page.
 */
export async function pageRoutes(app: FastifyInstance, { folder }: { readonly folder: string }): Promise<void> {
  const root = resolve(folder);
  if (!existsSync(join(root, 'index.html'))) {
    throw new VerbatimError('CONFIG_INVALID', `\`page\`: ${folder} has no index.html. Build the page first, such as by "npm run build".`);
  }
  await app.register(statics, {
    root,
    // Each file has a route of its own, so that what is no file is the page's.
    wildcard: false,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => {
      if (path.slice(root.length).includes(HASHED)) void reply.setHeader('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  app.get('/*', { exposeHeadRoute: false }, (request, reply) => {
    return isVisit(request) ? reply.sendFile('index.html', root, { cacheControl: false }) : reply.callNotFound();
  });
}
