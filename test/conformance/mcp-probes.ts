import type { ApiAnswer } from '../harness/server.ts';
import type { Keys, Probe } from './probes.ts';
import type { Fixture } from './samples.ts';
import { type AuditRow, auditRow } from './stored-records.ts';

/** One message that reaches one operation by the door `mcp`. */
interface McpSample {
  readonly operation: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What a caller without any grant is answered: the code of a refusal, or null where it sees nothing of others. */
  readonly denied: string | null;
}

const tool = (name: string, given: Record<string, unknown> = {}) => ({ name, arguments: given });
const SQL = 'SELECT id, email, region FROM staff ORDER BY id';

/** Every operation that a message can reach. */
const SAMPLES: readonly McpSample[] = [
  {
    operation: 'system.session',
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'probe', version: '1' },
    },
    denied: null,
  },
  { operation: 'tools.list', method: 'tools/list', params: {}, denied: null },
  {
    operation: 'tools.call',
    method: 'tools/call',
    params: tool('staff_of', { least_id: 1 }),
    denied: 'door.tool_not_found',
  },
  {
    operation: 'query.sql',
    method: 'tools/call',
    params: tool('query', { sql: SQL }),
    denied: 'door.dataset_not_found',
  },
  { operation: 'catalog.datasets.list', method: 'tools/call', params: tool('list_datasets'), denied: null },
  {
    operation: 'catalog.datasets.describe',
    method: 'tools/call',
    params: tool('describe_dataset', { name: 'staff' }),
    denied: 'door.dataset_not_found',
  },
  { operation: 'access.me', method: 'tools/call', params: tool('whoami'), denied: null },
];

const isBy = (row: AuditRow, { operation }: McpSample) => row.door === 'mcp' && row.operation === operation;

/** The matrix of the door `mcp`: every operation that a message reaches × every step that must hold for it. */
export async function mcpProbes({ server }: Fixture, keys: Keys): Promise<readonly Probe[]> {
  const found: Probe[] = [];
  const note = (sample: McpSample, step: string, holds: boolean, seen: ApiAnswer | string) =>
    found.push({
      operation: `mcp ${sample.operation}`,
      step,
      holds,
      seen: typeof seen === 'string' ? seen : `${seen.status} ${seen.text.slice(0, 200)}`,
    });
  const send = ({ method, params }: Pick<McpSample, 'method' | 'params'>, key: string | null) =>
    server.api('POST', '/mcp', { key, json: { jsonrpc: '2.0', id: 1, method, params } });

  for (const sample of SAMPLES) {
    for (const [step, key] of [
      ['no key', null],
      ['wrong key', `${keys.reader.slice(0, -1)}${keys.reader.endsWith('a') ? 'b' : 'a'}`],
      ['revoked key', keys.revoked],
      ['expired key', keys.expired],
    ] as const) {
      const answer = await send(sample, key);
      const isSame = answer.status === 401 && answer.json?.code === 'access.unauthenticated';
      note(sample, step, isSame && answer.headers.has('www-authenticate'), answer);
    }
    const nobody = await send(sample, keys.nobody);
    if (sample.denied === null) {
      note(sample, 'nothing of others', nobody.status === 200 && !nobody.text.includes('staff'), nobody);
    } else {
      const { isError, structuredContent } = nobody.json?.result ?? {};
      note(sample, 'no grant', isError === true && structuredContent?.code === sample.denied, nobody);
      const row = auditRow(server, nobody.headers.get('x-request-id'));
      const isDenied = row?.decision === 'denied' && isBy(row, sample);
      note(sample, 'refusal audited', isDenied, JSON.stringify(row ?? null));
    }
    const allowed = await send(sample, server.adminKey);
    const isAnswered = allowed.status === 200 && allowed.json?.result !== undefined;
    note(sample, 'allowed', isAnswered && allowed.json.result.isError !== true, allowed);
    const row = auditRow(server, allowed.headers.get('x-request-id'));
    const isRecorded = row?.status === 'ok' && isBy(row, sample);
    note(sample, 'audited, closed, by its door', isRecorded, JSON.stringify(row ?? null));
  }

  const [, , call, query] = SAMPLES;
  const blocked = (await server.key('blocked')).key;
  for (const sample of [call, query]) {
    if (sample === undefined) throw new Error('no sample of rows');
    const rows = await send(sample, keys.reader);
    const seen = (rows.json?.result?.structuredContent?.rows ?? []) as { email: string; region: string }[];
    const isMasked = seen.length > 0 && seen.every(({ email }) => email === '[redacted]');
    note(sample, 'masked', isMasked && !rows.text.includes('@example'), rows);
    note(sample, 'row filter', seen.length > 0 && seen.every(({ region }) => region === 'north'), rows);
    const stopped = await send(sample, blocked);
    const { isError, structuredContent } = stopped.json?.result ?? {};
    note(
      sample,
      'truth before',
      isError === true && structuredContent.code === 'door.truth_blocked',
      stopped,
    );
  }
  if (call !== undefined) {
    const none = { method: 'tools/call', params: tool('staff_of', { least_id: 1_000_000_000 }) };
    const { result } = (await send(none, keys.reader)).json ?? {};
    const code = result?.structuredContent?.code;
    note(call, 'truth after', result?.isError === true && code === 'door.truth_blocked', String(code));
    const wrong = await send(
      { method: 'tools/call', params: tool('staff_of', { least_id: '1 OR 1=1' }) },
      keys.reader,
    );
    const refused = wrong.json?.result?.structuredContent?.code;
    note(call, 'arguments judged', refused === 'tools.arguments_invalid', wrong);
  }
  return found;
}
