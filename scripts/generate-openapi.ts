// Writes src/gateway/contract/openapi.generated.json: the OpenAPI 3.1 description of every operation and address, as a
// server of these sources answers it at /openapi.json.
// Run: node bin/pinned-node.js scripts/generate-openapi.ts
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { initHome, startServer } from '../src/main.ts';

export const CONTRACT_FILE = fileURLToPath(
  new URL('../src/gateway/contract/openapi.generated.json', import.meta.url),
);

/** The document of a server started for this alone. */
export async function liveContract(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lakehouse-contract-'));
  const home = join(folder, 'home');
  try {
    await initHome({ home });
    const flags = { 'server.port': 0, 'log.level': 'silent' };
    const server = await startServer({ home, environment: {}, flags });
    try {
      const answer = await fetch(`${server.url}/openapi.json`);
      return `${JSON.stringify(await answer.json(), null, 1)}\n`;
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await writeFile(CONTRACT_FILE, await liveContract());
}
