import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brokenOff } from './api-client.ts';
import { openNamed } from './named-file.ts';
import type { Terminal } from './terminal.ts';

/**
 * Copies an answer's bytes as they come into the file that the caller named, or else to standard output, which stays open. Returns
 * how many there were. Throws a failure of the command where the answer breaks off or the file cannot be written.
 */
export async function copyAnswer(
  response: Response,
  { terminal, output }: { readonly terminal: Terminal; readonly output: string | undefined },
): Promise<number> {
  const target = output === undefined ? terminal.stdout : await openNamed(output);
  let sizeBytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength;
      yield chunk;
    }
  };
  const chunks = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
  await pipeline(chunks, counted, target, { end: output !== undefined }).catch((error: unknown) => {
    throw brokenOff(error);
  });
  return sizeBytes;
}
