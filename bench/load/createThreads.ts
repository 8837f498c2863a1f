export interface CreateThreadsOptions {
  readonly port: number;
  readonly token: string;
  /** At most the server's `maxBatchCalls`. */
  readonly count: number;
}

/** Makes empty threads of one principal, in one request; returns their ids. */
export async function createThreads({ port, token, count }: CreateThreadsOptions): Promise<string[]> {
  const paths = Array.from({ length: count }, () => 'threads.create').join(',');
  const inputs = Object.fromEntries(Array.from({ length: count }, (_, index) => [index, { json: {} }]));
  const response = await fetch(`http://127.0.0.1:${port}/trpc/${paths}?batch=1`, {
    method: 'POST',
    // Kept alive, it would hold a descriptor of the server.
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(inputs),
  });
  if (!response.ok) throw new Error(`threads.create was refused: ${await response.text()}`);
  // The protocol's answer to a batch.
  const answers = (await response.json()) as readonly { readonly result: { readonly data: { readonly json: { readonly id: string } } } }[];
  return answers.map(({ result }) => result.data.json.id);
}
