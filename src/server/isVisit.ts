import type { FastifyRequest } from 'fastify';

/** Whether a browser goes there, which then shows a page. A script or a picture that is not there is not the page, nor is anything of the API. */
export function isVisit({ url, headers }: FastifyRequest): boolean {
  const path = url.split('?', 1)[0] ?? '';
  return headers.accept?.includes('text/html') === true && !/\.[^/]*$/.test(path) && !path.startsWith('/trpc/');
}
