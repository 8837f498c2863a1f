import { VerbatimError } from '../../protocol/verbatimError.ts';

/** What a body's reader gets: its bytes, an error of `failed` where it broke, `OUTPUT_TOO_LARGE` where it had one byte more. */
export function boundedBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  failed: (cause: unknown) => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = body[Symbol.asyncIterator]();
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done === true) return controller.close();
        bytes += value.byteLength;
        if (bytes > maxBytes) throw new VerbatimError('OUTPUT_TOO_LARGE', `What was fetched has more than ${maxBytes} bytes.`);
        controller.enqueue(new Uint8Array(value));
      } catch (cause) {
        // Its failure is the one that is told below.
        chunks.return?.().catch(() => {});
        controller.error(failed(cause));
      }
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}
