// What our door adds to a call of a model, everything on, beside gateways with nothing on: one mock upstream, one load
// generator, each in a process of its own. Each part starts gateways of its own and can be run alone, for example
// `npm run bench -- model-gateway --part memory`. LAKEHOUSE_BENCH_REQUESTS shortens the memory run of 100,000 requests.
import type { BenchModule } from './bench-row.ts';
import { withGateways } from './model-gateway/gateways.ts';
import { latency } from './model-gateway/latency.ts';
import { memory } from './model-gateway/memory.ts';
import { streams } from './model-gateway/streams.ts';
import { throughput } from './model-gateway/throughput.ts';

export const parts: BenchModule['parts'] = {
  throughput: () => withGateways(throughput),
  latency: () => withGateways(latency),
  streams: () => withGateways(streams),
  memory: () => withGateways(memory),
};
