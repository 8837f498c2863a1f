import { createServer } from 'node:net';
import { type Finding, ok, problem } from './finding.ts';

/** Whether the server could listen there. `isRunning` says that one has the database: then the port may be its own. */
export async function checkPort(port: number, host: string, isRunning: boolean): Promise<Finding> {
  const where = `${port} on ${host}`;
  if (port === 0) return ok('port', 'any that is free');
  const failure = await tryListen(port, host);
  if (failure === undefined) return ok('port', `${where} is free`);
  switch (failure.code) {
    case 'EADDRINUSE':
      if (isRunning) return ok('port', `${where} is in use, as it should be: a server is running`);
      return problem(
        'port',
        `Port ${where} is taken by another program.`,
        'Stop that one, or choose another with --port or VERBATIM_PORT.',
      );
    case 'EACCES':
      return problem('port', `Port ${where} is not yours to open.`, 'Choose one above 1023, and put a proxy in front.');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return problem(
        'port',
        `${host} is no address of this machine.`,
        'Choose another with --host or VERBATIM_HOST: 127.0.0.1, or 0.0.0.0 for all.',
      );
    default:
      return problem('port', `Port ${where} cannot be opened (${failure.code}).`, 'Choose another with --port or VERBATIM_PORT.');
  }
}

function tryListen(port: number, host: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
