import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { FileOptions } from './fileRoutes.ts';
import { startTimeLimit } from './timeLimit.ts';

interface DeadlineOptions extends FileOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Does what is to be done with the body of a request, and throws `TIMEOUT` when that has not come in time: the connection then ends with the
 * answer. What still comes of a body that was refused is thrown away for the rest of that time, so that its sender reads why: many do so
 * only when they have sent everything.
 */
export async function beforeUploadDeadline<T>(options: DeadlineOptions, work: (late: AbortSignal) => Promise<T>): Promise<T> {
  const { limits, reply } = options;
  const { raw } = options.request;
  const late = new AbortController();
  let answered = false;
  let refuse: (error: VerbatimError) => void = () => {};
  const tooLate = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  endBodyIn(raw, options, limits.uploadTimeoutMs, () => {
    const error = new VerbatimError('TIMEOUT', `The upload took longer than ${limits.uploadTimeoutMs} ms.`);
    late.abort(error);
    if (answered) raw.destroy();
    else refuse(error);
  });
  try {
    return await Promise.race([work(late.signal), tooLate]);
  } catch (cause) {
    if (late.signal.aborted) {
      reply.header('connection', 'close');
      // Node forgets a request that was answered: whoever still reads from it would wait for ever.
      reply.raw.once('close', () => raw.destroy());
    } else raw.resume();
    throw cause;
  } finally {
    answered = true;
  }
}

/** Calls `late` unless the body, or its connection, has ended by then. */
export function endBodyIn(
  raw: IncomingMessage,
  options: Pick<FileOptions, 'clock' | 'closing'>,
  timeoutMs: number,
  late: () => void,
): void {
  const { socket } = raw;
  const stopTimer = startTimeLimit(options, timeoutMs, () => {
    done();
    late();
  });
  function done(): void {
    stopTimer();
    raw.off('end', done);
    socket.off('close', done);
  }
  raw.once('end', done);
  socket.once('close', done);
}
