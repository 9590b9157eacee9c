import { type ApiClient, refusal } from '../api-client.ts';
import { type ContractEntry, readContract } from './contract-reader.ts';
import { makeProbeKeys, PROBE_ROLE, type ProbeKeys } from './probe-keys.ts';
import { type SampleFacts, sampleRequest } from './sample-request.ts';

/** What one probe found: the step holds, it does not, or it does not apply here. */
export interface Evidence {
  readonly verdict: 'holds' | 'hole' | 'not_applicable';
  /** What was seen: a status and code, or why there was nothing to see. */
  readonly seen: string;
  readonly at: string;
}

export const STEPS = [
  'no_key',
  'wrong_key',
  'revoked_key',
  'expired_key',
  'no_grant',
  'audited',
  'truth',
] as const;
export type Step = (typeof STEPS)[number];

export interface OperationReport {
  readonly operation: string;
  readonly address: string;
  readonly kind: ContractEntry['kind'];
  readonly access: ContractEntry['access'];
  readonly steps: Readonly<Record<Step, Evidence>>;
}

export interface DoctorReport {
  readonly checked_at: string;
  readonly url: string;
  readonly auth_enabled: boolean;
  readonly journal: Evidence;
  readonly operations: readonly OperationReport[];
  /** One line each; empty where every step holds everywhere. */
  readonly holes: readonly string[];
}

export interface ExamineParts {
  readonly api: ApiClient;
  readonly fetch: typeof fetch;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
  onProgress(done: number, total: number): void;
}

/** The addresses that answer without a key; any other public one is a hole. */
const PUBLIC_OPERATIONS: ReadonlySet<string> = new Set(['system.health', 'system.openapi', 'system.ready']);

/** What an operation on models answers everyone while no provider is configured: nothing is there to be guarded. */
const NOT_CONFIGURED = 'models.no_provider';

/** Probes a running server: every operation of its contract × every enforcement step. */
export async function examine(parts: ExamineParts): Promise<DoctorReport> {
  const { api } = parts;
  const before = await journalTotal(api);
  const entries = await readContract(api);
  const rules = await ruleCounts(api);
  const keys = await makeProbeKeys(api, parts);
  const operations: OperationReport[] = [];
  try {
    const facts = { hiddenDataset: await hiddenDataset(api) };
    // Reads first: a change is tried without a grant only where nothing before it was found open.
    for (const entry of [...entries].sort(
      (a, b) => Number(a.kind === 'mutation') - Number(b.kind === 'mutation'),
    )) {
      const isOpen = operations.some((report) => hasHole(report));
      operations.push(await examineEntry(entry, { ...parts, keys, facts, rules, isOpen }));
      parts.onProgress(operations.length, entries.length);
    }
    operations.sort((a, b) => (`${a.operation} ${a.address}` < `${b.operation} ${b.address}` ? -1 : 1));
  } finally {
    await keys.close();
  }
  // Three keys were made and two of them revoked: five events at least.
  const grown = (await journalTotal(api)) - before;
  const journal = evidence(parts, grown >= 5 ? 'holds' : 'hole', `${grown} events for 5 changes of keys`);
  const authEnabled = operations.some((report) => report.steps.no_key.verdict === 'holds');
  return {
    checked_at: parts.now().toISOString(),
    url: api.url,
    auth_enabled: authEnabled,
    journal,
    operations,
    holes: holesOf(operations, journal),
  };
}

interface EntryParts extends ExamineParts {
  readonly keys: ProbeKeys;
  readonly facts: SampleFacts;
  readonly rules: ReadonlyMap<string, number>;
  /** Something was found open already. */
  readonly isOpen: boolean;
}

async function examineEntry(entry: ContractEntry, parts: EntryParts): Promise<OperationReport> {
  const { keys } = parts;
  const isPublic = entry.access === 'public';
  const identity = async (client: ApiClient) =>
    isPublic ? publicEvidence(entry, parts) : unauthenticated(entry, client, parts);
  const noGrant = await withoutGrant(entry, parts);
  return {
    operation: entry.operation,
    address: `${entry.method} ${entry.path}`,
    kind: entry.kind,
    access: entry.access,
    steps: {
      no_key: await identity(keys.none),
      wrong_key: await identity(keys.wrong),
      revoked_key: await identity(keys.revoked),
      expired_key: await identity(keys.expired),
      no_grant: noGrant.evidence,
      audited: await audited(noGrant.requestId, entry, parts),
      truth: truthEvidence(entry, parts),
    },
  };
}

/** Any request of a caller without a valid key must end in 401, before its input is looked at. */
async function unauthenticated(
  entry: ContractEntry,
  client: ApiClient,
  parts: EntryParts,
): Promise<Evidence> {
  const request = sampleRequest(entry, parts.facts);
  // Should identity not be checked, this name stops the request before it does anything.
  const harmless = { ...request, query: { ...request.query, doctor_probe: 'true' } };
  const { status, code } = await seen(client, harmless);
  return evidence(parts, status === 401 ? 'holds' : 'hole', `${status} ${code}`);
}

async function withoutGrant(
  entry: ContractEntry,
  parts: EntryParts,
): Promise<{ evidence: Evidence; requestId: string | null }> {
  if (entry.access === 'public') return { evidence: publicEvidence(entry, parts), requestId: null };
  if (parts.isOpen && entry.kind === 'mutation') {
    return { evidence: evidence(parts, 'not_applicable', 'not tried: it might go through'), requestId: null };
  }
  const { status, code, requestId } = await seen(parts.keys.powerless, sampleRequest(entry, parts.facts));
  if (entry.access === 'authenticated') {
    const verdict = status === 401 ? 'hole' : 'not_applicable';
    return { evidence: evidence(parts, verdict, `any identity, about itself: ${status}`), requestId };
  }
  if (code === NOT_CONFIGURED) {
    return { evidence: evidence(parts, 'not_applicable', `not configured: ${status} ${code}`), requestId };
  }
  // A probe that was refused for its form has proven nothing, which must not look like a step that holds.
  const unproven = status === 400 || status === 415 || status === 422 ? 'not proven: ' : '';
  const verdict = status === 403 || status === 404 ? 'holds' : 'hole';
  return { evidence: evidence(parts, verdict, `${unproven}${status} ${code}`), requestId };
}

/** The probe's own request must stand in the audit, whatever became of it. */
async function audited(requestId: string | null, entry: ContractEntry, parts: EntryParts): Promise<Evidence> {
  if (requestId === null) return evidence(parts, 'not_applicable', 'no request to look for');
  const { value } = await parts.api.json<{ rows: readonly { operation: string; decision: string }[] }>({
    method: 'GET',
    path: '/access/audit',
    query: { request_id: requestId },
  });
  const row = value.rows.find((each) => each.operation === entry.operation);
  if (row === undefined) return evidence(parts, 'hole', 'no audit row for the probe');
  return evidence(parts, 'holds', `audit row: ${row.decision}`);
}

function truthEvidence(entry: ContractEntry, parts: EntryParts): Evidence {
  const classes = [entry.truth.before, entry.truth.after].filter((name) => name !== null);
  if (classes.length === 0)
    return evidence(parts, 'not_applicable', 'declares that there is nothing to judge');
  const count = [...new Set(classes)].reduce((sum, name) => sum + (parts.rules.get(name) ?? 0), 0);
  return evidence(parts, 'holds', `${[...new Set(classes)].join(', ')}: ${count} rules in force`);
}

function publicEvidence(entry: ContractEntry, parts: ExamineParts): Evidence {
  const isListed = PUBLIC_OPERATIONS.has(entry.operation);
  return evidence(
    parts,
    isListed ? 'not_applicable' : 'hole',
    isListed ? 'public by design' : 'public, and not on the list',
  );
}

async function seen(
  client: ApiClient,
  request: Parameters<ApiClient['probe']>[0],
): Promise<{ status: number; code: string; requestId: string | null }> {
  const response = await client.probe(request);
  const requestId = response.headers.get('x-request-id');
  if (response.ok) {
    await response.body?.cancel();
    return { status: response.status, code: 'answered', requestId };
  }
  const { facts } = await refusal(response);
  return { status: response.status, code: facts.code, requestId };
}

/** A dataset that the probe's role may not read; null where there is none. */
async function hiddenDataset(api: ApiClient): Promise<string | null> {
  const { value } = await api.json<{ datasets: readonly { name: string }[] }>({
    method: 'GET',
    path: '/access/me',
  });
  for (const { name } of value.datasets) {
    const query = { role: PROBE_ROLE, dataset: name };
    const explained = await api.json<{ allowed: boolean }>({ method: 'GET', path: '/access/explain', query });
    if (!explained.value.allowed) return name;
  }
  return null;
}

async function journalTotal(api: ApiClient): Promise<number> {
  const { value } = await api.json<{ total_events_created: number }>({
    method: 'GET',
    path: '/journal/stats',
  });
  return value.total_events_created;
}

async function ruleCounts(api: ApiClient): Promise<ReadonlyMap<string, number>> {
  const { value } = await api.json<{ rules: readonly { task_class: string }[] }>({
    method: 'GET',
    path: '/truth/rules',
  });
  const counts = new Map<string, number>();
  for (const rule of value.rules) counts.set(rule.task_class, (counts.get(rule.task_class) ?? 0) + 1);
  return counts;
}

function hasHole(report: OperationReport): boolean {
  return STEPS.some((step) => report.steps[step].verdict === 'hole');
}

function holesOf(operations: readonly OperationReport[], journal: Evidence): readonly string[] {
  const found = operations.flatMap((report) =>
    STEPS.filter((step) => report.steps[step].verdict === 'hole').map(
      (step) =>
        `${report.operation} (${report.address}): ${step.replace('_', ' ')}: ${report.steps[step].seen}`,
    ),
  );
  return journal.verdict === 'hole' ? [...found, `journal: ${journal.seen}`] : found;
}

function evidence(parts: ExamineParts, verdict: Evidence['verdict'], text: string): Evidence {
  return { verdict, seen: text, at: parts.now().toISOString() };
}
