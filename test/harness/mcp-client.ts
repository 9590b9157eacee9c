import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

const PROGRAM = fileURLToPath(new URL('../../bin/lakehouse.js', import.meta.url));

/** A tool's result, as tests look at it. */
export interface ToolOutcome {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: results are asserted member by member.
  readonly value: any;
}

export interface McpSession {
  readonly client: Client;
  toolNames(): Promise<string[]>;
  call(name: string, given?: Record<string, unknown>): Promise<ToolOutcome>;
  close(): Promise<void>;
}

/** The official client over Streamable HTTP. */
export function overHttp(
  url: string,
  key: string | null,
  headers: Record<string, string> = {},
): Promise<McpSession> {
  const sent = key === null ? headers : { ...headers, authorization: `Bearer ${key}` };
  const address = new URL(`${url}/mcp`);
  return session(new StreamableHTTPClientTransport(address, { requestInit: { headers: sent } }));
}

/** The official client over the standard input and output of `lakehouse mcp`, a process of its own. */
export function overStdio(
  url: string,
  key: string | null,
  args: readonly string[] = [],
): Promise<McpSession> {
  const variables: Record<string, string> = { PATH: process.env.PATH ?? '', LAKEHOUSE_URL: url };
  if (key !== null) variables.LAKEHOUSE_API_KEY = key;
  return session(
    new StdioClientTransport({
      command: process.execPath,
      args: [PROGRAM, 'mcp', ...args],
      env: variables,
      stderr: 'pipe',
    }),
  );
}

async function session(transport: Transport): Promise<McpSession> {
  const client = new Client({ name: 'lakehouse-test', version: '1' });
  await client.connect(transport);
  return {
    client,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name).sort(),
    async call(name, given = {}) {
      const { content, isError, structuredContent } = await client.callTool({ name, arguments: given });
      const [first] = content as { type: string; text: string }[];
      return { isError: isError === true, text: first?.text ?? '', value: structuredContent };
    },
    close: () => client.close(),
  };
}
