import { startTestServer } from '../harness/server.ts';
import { makeKeys, type OperationFacts, type Probe, probeOperation } from './probes.ts';
import { prepareFixture } from './samples.ts';
import { specialProbes } from './special-probes.ts';

/** Blocks one marked truth evaluation before and one after, so that both steps can be seen at work. */
const TRUTH = `
[[rules]]
name = "probe-before"
task_class = "query.sql"
phase = "before"
action = "block"
message = "Blocked by the probe."
when = { type = "FieldEquals", field = "identity.role", value = "blocked" }

[[rules]]
name = "probe-empty"
task_class = "ingest"
phase = "after"
action = "block"
message = "The file holds no rows."
when = { type = "FieldEquals", field = "row_count", value = 0 }
`;

/** The registry as the server itself describes it. */
export async function operationsOf(document: {
  paths: Record<string, Record<string, { operationId?: string; 'x-lakehouse-operation'?: OperationFacts }>>;
}): Promise<OperationFacts[]> {
  const facts = new Map<string, OperationFacts>();
  for (const methods of Object.values(document.paths)) {
    for (const route of Object.values(methods)) {
      const found = route['x-lakehouse-operation'];
      if (found !== undefined) facts.set(found.name, found);
    }
  }
  return [...facts.values()];
}

/** Starts a real server, probes every operation of its registry, and answers the whole matrix. */
export async function runProbes(): Promise<{ operations: OperationFacts[]; probes: Probe[] }> {
  const server = await startTestServer({ truth: TRUTH });
  try {
    const operations = await operationsOf((await server.api('GET', '/openapi.json', { key: null })).json);
    const fixture = await prepareFixture(server);
    const keys = await makeKeys(server);
    const probes: Probe[] = [];
    for (const operation of operations) {
      if (operation.access !== 'public') probes.push(...(await probeOperation(fixture, keys, operation)));
    }
    probes.push(...(await specialProbes(fixture)));
    return { operations, probes };
  } finally {
    await server.close();
  }
}
