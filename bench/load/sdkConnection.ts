import { type Client, createClient, type JsonApi } from 'verbatim-agents/client';
import type { TokenSchedule } from '../server/tokenStream.ts';
import type { ConnectionOptions, LoadConnection, OnDelta } from './loadConnection.ts';

/** A user of Verbatim by its own client. */
export class SdkConnection implements LoadConnection {
  readonly #client: Client<JsonApi>;

  static async open({ port, token }: ConnectionOptions): Promise<SdkConnection> {
    return new SdkConnection(createClient<JsonApi>({ url: `http://127.0.0.1:${port}`, token: () => token }));
  }

  private constructor(client: Client<JsonApi>) {
    this.#client = client;
  }

  async stream(schedule: TokenSchedule, onDelta: OnDelta, threadId?: string): Promise<void> {
    const text = JSON.stringify(schedule);
    const run = await this.#client.send({ agent: 'scheduled', text, ...(threadId !== undefined && { threadId }) });
    void (async () => {
      for await (const event of run) if (event.type === 'text.delta') onDelta(event.delta);
    })();
  }

  close(): void {
    void this.#client.close();
  }
}
