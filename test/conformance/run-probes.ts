import { startTestServer } from '../harness/server.ts';
import { mcpProbes } from './mcp-probes.ts';
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
name = "probe-tool"
task_class = "tool"
phase = "before"
action = "block"
message = "Blocked by the probe."
when = { type = "FieldEquals", field = "identity.role", value = "blocked" }

[[rules]]
name = "probe-tool-nothing"
task_class = "tool"
phase = "after"
action = "block"
message = "The tool found nothing."
when = { type = "FieldEquals", field = "row_count", value = 0 }

[[rules]]
name = "probe-empty"
task_class = "ingest"
phase = "after"
action = "block"
message = "The file holds no rows."
when = { type = "FieldEquals", field = "row_count", value = 0 }
`;

/** The registry as the server itself describes it. */
function operationsOf(document: {
  paths: Record<string, Record<string, { operationId?: string; 'x-lakehouse-operation'?: OperationFacts }>>;
}): OperationFacts[] {
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
  const probes: Probe[] = [];
  let operations: OperationFacts[] = [];
  /** A probe that cannot even run has found something: it counts as one that does not hold. */
  const probing = async (operation: string, run: () => Promise<readonly Probe[]>) => {
    try {
      probes.push(...(await run()));
    } catch (error) {
      const seen = error instanceof Error ? error.message : String(error);
      probes.push({ operation, step: 'probes ran', holds: false, seen });
    }
  };
  try {
    await probing('all', async () => {
      operations = operationsOf((await server.api('GET', '/openapi.json', { key: null })).json);
      const fixture = await prepareFixture(server);
      const keys = await makeKeys(server);
      for (const operation of operations) {
        if (operation.access === 'public') continue;
        await probing(operation.name, () => probeOperation(fixture, keys, operation));
      }
      await probing('query.sql', () => specialProbes(fixture));
      await probing('mcp', () => mcpProbes(fixture, keys));
      return [];
    });
    return { operations, probes };
  } finally {
    await server.close();
  }
}
