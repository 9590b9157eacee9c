import { expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer } from '../harness/server.ts';

it('shows every address open, and fails, where authentication is off', async () => {
  const server = await startTestServer({ config: '[auth]\nenabled = false\n' });
  try {
    const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey, FORCE_COLOR: '1' };
    const json = await lakehouse(['doctor', '--json'], { environment });
    expect(json.exitCode).toBe(1);
    expect(json.json.auth_enabled).toBe(false);
    const guarded = json.json.operations.filter((each: { access: string }) => each.access !== 'public');
    for (const { operation, steps } of guarded) expect(steps.no_key.verdict, operation).toBe('hole');
    const shown = await lakehouse(['doctor'], { environment });
    expect(shown.stdout).toContain('\u001b[31m✗ auth.enabled is false');
    // Probing an open server changed nothing but the probe keys; policy and rules are of the start.
    const { by_action: actions } = (await server.api('GET', '/journal/stats')).json;
    const named = actions.map(({ action }: { action: string }) => action).sort();
    expect(named).toEqual(['key.created', 'key.revoked', 'policy.applied', 'tools.loaded', 'truth.loaded']);
  } finally {
    await server.close();
  }
});
