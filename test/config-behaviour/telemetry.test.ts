import { afterAll, beforeAll, expect } from 'vitest';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { type ReceivedTraces, startTraceCollector } from '../support/trace-collector.ts';
import { observed } from './configured-server.ts';
import { keyTest } from './key-test.ts';
import { complete, modelSettings, outcome, routing } from './model-settings.ts';

const ENVIRONMENT = { COLLECTOR_HEADERS: 'x-collector-key=secret-of-collector' };

let upstream: ScriptedProvider;

beforeAll(async () => {
  upstream = await startScriptedProvider();
});
afterAll(() => upstream.close());

/** What a collector got of one chat by the time the server has closed, which sends what is queued. */
async function sent(more: Record<string, string> | null): Promise<readonly ReceivedTraces[]> {
  const collector = await startTraceCollector();
  const providers = { one: { base_url: `${upstream.url}/v1` } };
  const telemetry = more === null ? {} : { otlp_traces_url: collector.url, ...more };
  try {
    await observed(
      modelSettings({ providers, telemetry }),
      async (server) => expect(outcome(await complete(server, 'one/m'))).toBe('answered'),
      { files: { 'routing.toml': routing(['one']) }, environment: ENVIRONMENT },
    );
    return collector.received;
  } finally {
    await collector.close();
  }
}

keyTest('telemetry.otlp_traces_url: spans of model calls go there', async () => {
  expect(await sent(null)).toEqual([]);
  expect(await sent({})).toMatchObject([{ path: '/v1/traces' }]);
});

keyTest('telemetry.headers_env: spans come with the headers of that variable', async () => {
  const keys = async (more: Record<string, string>) =>
    (await sent(more)).map(({ headers }) => headers['x-collector-key'] ?? null);
  expect(await keys({})).toEqual([null]);
  expect(await keys({ headers_env: 'COLLECTOR_HEADERS' })).toEqual(['secret-of-collector']);
});

keyTest('telemetry.service_name: what the spans call the server', async () => {
  const names = async (more: Record<string, string>) =>
    (await sent(more)).map(({ body }) => {
      const [{ resource }] = JSON.parse(body).resourceSpans;
      return resource.attributes.find(({ key }: { key: string }) => key === 'service.name').value.stringValue;
    });
  expect(await names({})).toEqual(['lakehouse']);
  expect(await names({ service_name: 'door-of-berlin' })).toEqual(['door-of-berlin']);
});
