/** Cuts a list of texts into requests, in order: none has more texts than allowed, nor more length, unless one text alone has. */
export function* textBatches(
  texts: readonly string[],
  { maxBatchTexts, maxBatchLength }: { readonly maxBatchTexts: number; readonly maxBatchLength: number },
): Generator<readonly string[]> {
  let batch: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (batch.length > 0 && (batch.length >= maxBatchTexts || length + text.length > maxBatchLength)) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(text);
    length += text.length;
  }
  if (batch.length > 0) yield batch;
}
