import type { ApiClient } from '../api-client.ts';

/** The answer of `POST /query/sql` as JSON. */
export interface QueryAnswer {
  readonly query_id: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly row_count: number;
  readonly latency_ms: number;
  readonly masked_columns: readonly unknown[];
}

export interface QueryRequest {
  readonly sql: string;
  readonly params?: readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly limit?: number;
  readonly timeout_ms?: number;
}

/** Runs one query and reads its rows; an abort cancels it at the server. */
export async function runQuery(
  api: ApiClient,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const answer = await api.json<QueryAnswer>({
    method: 'POST',
    path: '/query/sql',
    json: request,
    ...(signal === undefined ? {} : { signal }),
  });
  return answer.value;
}
