import { expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startModelServer } from '../harness/model-server.ts';
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

interface Step {
  readonly verdict: string;
  readonly seen: string;
}
interface Report {
  readonly operation: string;
  readonly steps: Readonly<Record<string, Step>>;
}

const CALLS = ['models.chat', 'models.chat_completions', 'models.embeddings', 'models.messages'];

it('lists operations on models as not configured, and not as holes, where there is no provider', async () => {
  const server = await startTestServer();
  try {
    const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
    const { exitCode, json } = await lakehouse(['doctor', '--json'], { environment });
    expect(json.holes).toEqual([]);
    expect(exitCode).toBe(0);
    const reports = json.operations as Report[];
    for (const operation of CALLS) {
      const steps = reports.find((each) => each.operation === operation)?.steps;
      expect(steps?.no_grant, operation).toMatchObject({
        verdict: 'not_applicable',
        seen: 'not configured: 503 models.no_provider',
      });
      for (const step of ['no_key', 'wrong_key', 'revoked_key', 'expired_key', 'audited', 'truth']) {
        expect(steps?.[step]?.verdict, `${operation} ${step}`).toBe('holds');
      }
    }
  } finally {
    await server.close();
  }
});

it('probes operations on models and reviews without asking a model anything', async () => {
  const { server, upstream, close } = await startModelServer();
  try {
    const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
    const { json } = await lakehouse(['doctor', '--json'], { environment });
    expect(json.holes).toEqual([]);
    const reports = json.operations as Report[];
    const probed = [...CALLS, 'models.usage', 'models.route.health', 'truth.reviews', 'truth.reviews.decide'];
    for (const operation of probed) {
      expect(reports.find((each) => each.operation === operation)?.steps.no_grant?.verdict, operation).toBe(
        'holds',
      );
    }
    // Asking a service which models it has is no call of one.
    expect(upstream.received.filter(({ path }) => path !== '/api/tags')).toEqual([]);
  } finally {
    await close();
  }
});
