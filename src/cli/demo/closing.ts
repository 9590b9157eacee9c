import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { humanDuration } from '../human-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Callers } from './callers.ts';
import { PERSON_SQL } from './comparison-scene.ts';
import type { DemoServer } from './demo-server.ts';
import type { Stage } from './stage.ts';

export function describeTimings(stage: Stage, terminal: Terminal): string {
  const rows = stage.timings.map(({ title, milliseconds }, at) => [
    String(at + 1),
    title,
    humanDuration(milliseconds),
  ]);
  return renderTable({
    head: ['', 'step', 'time'],
    rows,
    columns: terminal.columns - 3,
    colours: terminal.colours,
    numeric: new Set([2]),
  });
}

export function whereToGoNext(): string {
  return [
    'lakehouse init --home ./home           your own, with an admin key',
    'lakehouse serve --home ./home          the API at /openapi.json',
    'lakehouse ingest FILE                  CSV, TSV, NDJSON, JSON or Parquet, also gzipped',
    'lakehouse sql                          a prompt that completes what you were granted',
    'lakehouse mcp                          the tools, for MCP clients (also at /mcp)',
    'lakehouse chat                         a model, with rows you may see, under a ceiling',
    'lakehouse doctor                       every step on every operation, probed live',
    'npm run demo -- --keep                 this server, left running for curl',
    'npm run demo -- --rows 2470000         the same with 2.47 million candidates',
  ].join('\n');
}

/** Writes each caller's key to a file of its own and says how to call, and how to stop, the server that stays. */
export function describeKept(server: DemoServer, callers: Callers): string {
  const keys = join(server.folder, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  for (const [name, caller] of Object.entries(callers)) {
    writeFileSync(join(keys, name), `${caller.key}\n`, { mode: 0o600 });
  }
  const body = JSON.stringify({ sql: PERSON_SQL });
  return [
    `url    ${server.url}`,
    `pid    ${server.pid}`,
    `keys   ${keys}/{${Object.keys(callers).join(',')}}`,
    '',
    `curl -s ${server.url}/access/me -H "X-API-Key: $(cat ${keys}/analyst)"`,
    `curl -s ${server.url}/query/sql -H "X-API-Key: $(cat ${keys}/recruiter)" \\`,
    `  -H 'Content-Type: application/json' -d '${body}'`,
    `curl -s ${server.url}/journal/stats -H "X-API-Key: $(cat ${keys}/admin)"`,
    `lakehouse sql --url ${server.url} --key-file ${keys}/analyst`,
    `lakehouse usage --url ${server.url} --key-file ${keys}/admin --by identity`,
    `chats need a provider in ${server.home}/lakehouse.toml now: the stand-in ends with this program`,
    `lakehouse doctor --url ${server.url} --key-file ${keys}/admin`,
    '',
    `stop   kill ${server.pid} && rm -r ${server.folder}`,
  ].join('\n');
}
