import { applyDemoPolicy, makeCallers } from '../../src/cli/demo/callers.ts';
import { startDemoServer } from '../../src/cli/demo/demo-server.ts';
import type { Target } from './peers.ts';
import { pinRunning } from './process-group.ts';

/** A metered model under a ceiling nobody reaches: holds, settlements and records are all made. */
const ROUTING = `
[models."mock/*"]
context_window = 100000
max_output_tokens = 1000
billing = "metered"
prices_usd_per_million = { input = 1, output = 2 }
capabilities = ["chat"]

[[ceilings]]
name = "all"
usd_per_hour = 1000000

[[ceilings]]
name = "each"
per = ["identity"]
usd_per_hour = 1000000
`;

/** Our server with everything on: key, policy with masks, the shipped truth rules, two ceilings, audit, journal, usage. */
export async function startOurs(upstream: string): Promise<Target> {
  const settings = {
    'routing.toml': ROUTING,
    'lakehouse.toml':
      '[server]\nrate_limit_per_minute = 10000000\n\n[models.providers.mock]\nkind = "openai-compatible"\n' +
      `base_url = "${upstream}/v1"\nallow_private_addresses = true\n`,
  };
  const server = await startDemoServer({ environment: process.env, fetch, settings });
  try {
    const { admin, analyst } = await makeCallers(server.url, server.adminKey, fetch);
    await applyDemoPolicy(admin);
    pinRunning('gateway', server.pid);
    return {
      name: 'ours',
      url: `${server.url}/v1/chat/completions`,
      headers: { 'x-api-key': analyst.key },
      model: 'mock/mock',
      pid: server.pid,
      close: () => server.remove(),
    };
  } catch (error) {
    await server.remove();
    throw error;
  }
}
