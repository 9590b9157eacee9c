import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type ApiClient, createApiClient } from './api-client.ts';
import type { CliContext } from './cli-context.ts';
import { usageFailure } from './cli-failure.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The options of every remote command. A key never stands on the command line, where others could read it. */
export interface RemoteOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly onBehalfOfFile?: string;
  readonly json?: boolean;
}

export function addRemoteOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the server (default: LAKEHOUSE_URL, then http://127.0.0.1:8080)')
    .option('--key-file <file>', 'file that holds the API key (default: the variable LAKEHOUSE_API_KEY)')
    .option('--on-behalf-of-file <file>', 'file that holds a delegation token of the person to act for')
    .option('--json', 'print JSON for scripts');
}

/** The client for the server the options name. */
export function connect(context: CliContext, options: RemoteOptions): ApiClient {
  const url = options.url ?? nonEmpty(context.environment.LAKEHOUSE_URL) ?? DEFAULT_URL;
  if (!/^https?:\/\/[^/?#\s]+\/?$/.test(url)) {
    throw usageFailure('The server’s address must look like http://127.0.0.1:8080, without a path.');
  }
  const { keyFile, onBehalfOfFile } = options;
  const fromVariable = nonEmpty(context.environment.LAKEHOUSE_API_KEY) ?? null;
  return createApiClient({
    url,
    apiKey: keyFile === undefined ? fromVariable : secretFrom(keyFile, '--key-file'),
    delegationToken: onBehalfOfFile === undefined ? null : secretFrom(onBehalfOfFile, '--on-behalf-of-file'),
    fetch: context.fetch,
  });
}

/** The first line of a file that holds one secret. */
function secretFrom(file: string, option: string): string {
  try {
    const line = readFileSync(file, 'utf8').trim().split('\n', 1)[0]?.trim() ?? '';
    if (/^[\x21-\x7e]+$/.test(line)) return line;
  } catch {
    throw usageFailure(`The file that ${option} names cannot be read.`);
  }
  throw usageFailure(`The file that ${option} names does not hold a key on its first line.`);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
