import type { ApiAnswer } from '../harness/server.ts';
import type { Probe } from './probes.ts';
import type { Fixture } from './samples.ts';
import { auditRow } from './stored-records.ts';

/** What needs more than one request of one operation to be seen: masks, filters, truth, a key revoked mid-stream. */
export async function specialProbes({ server }: Fixture): Promise<Probe[]> {
  const found: Probe[] = [];
  const note = (operation: string, step: string, holds: boolean, seen: ApiAnswer | string) =>
    found.push({
      operation,
      step,
      holds,
      seen: typeof seen === 'string' ? seen : `${seen.status} ${seen.text.slice(0, 200)}`,
    });
  const sql = (text: string, key: string) => server.api('POST', '/query/sql', { key, json: { sql: text } });

  const reader = await server.key('reader', { region: 'north' });
  const rows = await sql('SELECT email, region FROM staff', reader.key);
  const regions = (rows.json?.rows ?? []) as { email: string; region: string }[];
  note('query.sql', 'masked', regions.length > 0 && regions.every((row) => row.email === '[redacted]'), rows);
  note('query.sql', 'row filter', regions.length > 0 && regions.every((row) => row.region === 'north'), rows);

  const hidden = await sql('SELECT 1 FROM staff', (await server.key('nobody')).key);
  const missing = await sql('SELECT 1 FROM stafg', (await server.key('nobody')).key);
  const same =
    hidden.text.replaceAll('staff', 'stafg').replace(instance(hidden), '') ===
    missing.text.replace(instance(missing), '');
  note('query.sql', 'hidden reads like missing', hidden.status === missing.status && same, hidden);

  const blocked = await sql('SELECT 1 FROM staff', (await server.key('blocked')).key);
  note('query.sql', 'truth before', blocked.json?.code === 'door.truth_blocked', blocked);
  const empty = await server.api('POST', '/ingest/file?dataset=empty_one&file_name=e.csv', {
    body: 'id,name\n',
    headers: { 'content-type': 'text/csv' },
  });
  note('ingest.file', 'truth after', empty.json?.code === 'door.truth_blocked', empty);
  const left = await server.api('GET', '/catalog/datasets/by-name/empty_one');
  note('ingest.file', 'blocked leaves nothing', left.status === 404, left);

  note('query.sql', 'revoked mid-stream', ...(await revokedMidStream(server)));
  return found;
}

/** A long stream whose key is revoked must be cut off without a terminator, not run to its end. */
async function revokedMidStream(server: Fixture['server']): Promise<[boolean, string]> {
  const { key, keyId } = await server.key('reader', { region: 'north' });
  const answer = await fetch(`${server.url}/query/sql`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      sql: "SELECT a.i, repeat('x', 200) AS x FROM range(40000000) AS a(i)",
      format: 'ndjson',
    }),
  });
  if (!answer.ok || answer.body === null) return [false, `stream answered ${answer.status}`];
  const reader = answer.body.getReader();
  try {
    await reader.read();
    const revoked = await server.api('DELETE', `/access/keys/${keyId}`);
    if (revoked.status >= 300) return [false, `the key could not be revoked: ${revoked.text}`];
    let bytes = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      bytes += step.value.length;
      if (bytes > 500_000_000) return [false, 'the stream went on after the key was revoked'];
    }
    return [false, 'the stream ended as if it were whole'];
  } catch (error) {
    // The row is closed before the connection is: with the reason of the cut.
    const row = auditRow(server, answer.headers.get('x-request-id'));
    const message = error instanceof Error ? error.message : String(error);
    return [row?.closing_code === 'door.revoked', `cut off: ${message}, ${row?.closing_code}`];
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const instance = (answer: ApiAnswer): string => String(answer.json?.instance ?? '');
