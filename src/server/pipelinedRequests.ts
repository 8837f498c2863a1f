import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { whenOver } from './whenOver.ts';

interface Pipeline {
  /** Being answered. */
  open: number;
  isPaused: boolean;
  /** Read from the connection, and not looked at yet. */
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
}

/**
 * Requests that a client sends before it has the answers of those before: of one connection so many are worked on at once, the others wait, and
 * nothing more is read meanwhile. Node calls for each as soon as it is read, a thousand in a turn of the event loop.
 */
export function pipelinedRequests(handler: RequestListener, max: number): RequestListener {
  const pipelines = new WeakMap<Socket, Pipeline>();

  function begin(pipeline: Pipeline, request: IncomingMessage, response: ServerResponse): void {
    pipeline.open++;
    handler(request, response);
    whenOver(response, () => {
      pipeline.open--;
      // Each in a turn of its own: others are to be heard between them.
      setImmediate(next, pipeline, request.socket);
    });
  }

  function next(pipeline: Pipeline, socket: Socket): void {
    if (socket.destroyed) pipeline.waiting.length = 0;
    if (pipeline.open >= max) return;
    const first = pipeline.waiting.shift();
    if (first !== undefined) begin(pipeline, ...first);
    else if (pipeline.isPaused) {
      pipeline.isPaused = false;
      socket.resume();
    }
  }

  return (request, response) => {
    const { socket } = request;
    const pipeline: Pipeline = pipelines.get(socket) ?? { open: 0, isPaused: false, waiting: [] };
    pipelines.set(socket, pipeline);
    if (pipeline.open < max && pipeline.waiting.length === 0) return begin(pipeline, request, response);
    pipeline.waiting.push([request, response]);
    pipeline.isPaused = true;
    socket.pause();
  };
}
