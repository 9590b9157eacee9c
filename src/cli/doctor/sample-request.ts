import type { ApiRequest } from '../api-client.ts';
import type { ContractEntry, SchemaNode } from './contract-reader.ts';

/** What samples are made of: a dataset the probe key must not see, where there is one. */
export interface SampleFacts {
  readonly hiddenDataset: string | null;
}

const ABSENT_DATASET = 'doctor_probe_absent';
const NOTHINGS_ID = '00000000-0000-7000-8000-000000000000';
/** What ends there has ended already. */
const LONG_AGO = '2000-01-01T00:00:00Z';

/** Values by the name of a member; none of them names anything that exists, except a dataset that is only read. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  agent: 'doctor-probe',
  bucket: 'default',
  commit: '0'.repeat(40),
  columns: [{ name: 'doctor_probe', type: 'long' }],
  context: {},
  delegation_id: NOTHINGS_ID,
  file: 'doctor-probe',
  ingest_id: NOTHINGS_ID,
  key: 'doctor-probe/absent',
  kind: 'doctor-probe',
  key_id: 'AAAAAAAAAAAA',
  max_tokens: 1,
  messages: [{ role: 'user', content: 'doctor-probe' }],
  // No provider of this name: should a step be missing, no model is asked and nothing is spent.
  model: 'doctor-probe/absent',
  query_id: NOTHINGS_ID,
  review_id: NOTHINGS_ID,
  role: 'doctor-probe-absent',
  snapshot_id: '1',
  source: 'doctor-probe',
  task_class: 'doctor-probe',
};

/** Without them a chat would go to a usual model, or be malformed for a provider's protocol. */
const ALWAYS_SENT = ['model', 'max_tokens'];

/** Members that only together make a request valid, so that the schema can demand none of them. */
const NEEDED_TOGETHER: Readonly<Record<string, readonly string[]>> = {
  'access.policies.put': ['roles'],
  'observer.event': ['source', 'kind', 'severity'],
  'scrum.overrides.set': ['path'],
};

/**
 * A request of this address that is valid in form and changes nothing should a step be missing: reads name a hidden
 * dataset, changes name things that do not exist, and policies are only tried.
 */
export function sampleRequest(entry: ContractEntry, facts: SampleFacts): ApiRequest {
  const dataset = entry.kind === 'read' ? (facts.hiddenDataset ?? ABSENT_DATASET) : ABSENT_DATASET;
  const value = (name: string, schema: SchemaNode) => sampleValue(name, schema, dataset);
  let path = entry.path;
  const query: Record<string, string> = {};
  for (const parameter of entry.parameters) {
    const text = String(value(parameter.name, parameter.schema));
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, text);
    else if (parameter.in === 'query' && (parameter.required || parameter.name === 'dry_run')) {
      query[parameter.name] = parameter.name === 'dry_run' ? 'true' : text;
    }
  }
  if (entry.takesBytes && !('dataset' in query) && entry.parameters.some((each) => each.name === 'dataset')) {
    query.dataset = dataset;
  }
  const { required = [], properties = {} } = entry.body ?? {};
  const together = NEEDED_TOGETHER[entry.operation] ?? [];
  const always = ALWAYS_SENT.filter((name) => Object.hasOwn(properties, name));
  const sent = new Set([...required, ...together, ...always]);
  const json = Object.fromEntries([...sent].map((name) => [name, value(name, properties[name] ?? {})]));
  return {
    method: entry.method,
    path,
    query,
    ...(entry.body === null ? {} : { json }),
    ...(entry.takesBytes ? { body: new Blob(['doctor,probe\n1,2\n']).stream() } : {}),
  };
}

function sampleValue(name: string, schema: SchemaNode, dataset: string): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.anyOf?.some(({ type }) => type === 'null') === true) return null;
  if (name === 'name' || name === 'dataset') return dataset;
  if (name === 'sql') return `SELECT * FROM "${dataset.split('.').join('"."')}" LIMIT 1`;
  if (Object.hasOwn(SAMPLES, name)) return SAMPLES[name];
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 1, 1);
  if (schema.type === 'boolean') return false;
  if (schema.type === 'array') {
    return (schema.minItems ?? 0) > 0 ? [sampleValue('item', schema.items ?? {}, dataset)] : [];
  }
  if (schema.type === 'object') {
    const { required = [], properties = {} } = schema;
    return Object.fromEntries(
      required.map((member) => [member, sampleValue(member, properties[member] ?? {}, dataset)]),
    );
  }
  return sampleText(name, schema);
}

function sampleText(name: string, { format }: SchemaNode): string {
  if (format === 'uuid') return NOTHINGS_ID;
  if (format === 'date-time') return LONG_AGO;
  return name.endsWith('_sha256') ? '0'.repeat(64) : 'doctor-probe';
}
