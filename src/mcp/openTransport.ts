import { existsSync } from 'node:fs';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { boundedFetch } from './boundedFetch.ts';
import type { McpAddress } from './mcpAddress.ts';
import { ServerProcess } from './serverProcess.ts';

export interface TransportBounds {
  readonly maxMessageBytes: number;
  readonly closeGraceMs: number;
}

/** A new way to the server, not yet started. */
export function openTransport(address: McpAddress, { maxMessageBytes, closeGraceMs }: TransportBounds): Transport {
  if ('url' in address) {
    const fetch = boundedFetch({ headers: address.headers, maxBytes: maxMessageBytes });
    // The SDK's types were not written for exactOptionalPropertyTypes.
    return new StreamableHTTPClientTransport(new URL(address.url), { fetch }) as Transport;
  }
  const { command, args = [], env = {}, cwd } = address;
  if (existsSync('/bin/sh')) return new ServerProcess({ command, args, env, cwd, maxMessageBytes, closeGraceMs });
  // Windows, and images without a shell: as the SDK does it, which ends the child alone.
  return new StdioClientTransport({
    command,
    args: [...args],
    env: { ...env },
    maxBufferSize: maxMessageBytes,
    ...(cwd !== undefined && { cwd }),
  });
}
