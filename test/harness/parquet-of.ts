import type { TestServer } from './server.ts';

/** What a query answers, as a Parquet file. */
export async function parquetOf(server: TestServer, sql: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(`${server.url}/query/sql`, {
    method: 'POST',
    headers: { 'x-api-key': server.adminKey, 'content-type': 'application/json' },
    body: JSON.stringify({ sql, format: 'parquet' }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  return new Uint8Array(await answer.arrayBuffer());
}
