import { expect, test } from 'vitest';
import { startModelServer } from '../harness/model-server.ts';
import { startTraceCollector } from '../support/trace-collector.ts';

test('each settled call is a GenAI span under the request’s own trace, without prompt or answer', async () => {
  const collector = await startTraceCollector();
  const lake = await startModelServer({ config: `[telemetry]\notlp_traces_url = "${collector.url}"` });
  const messages = [{ role: 'user', content: 'A canary prompt.' }];
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'ladder/fallback', messages, lakehouse_task: 'greet' },
  });
  expect(answer.status).toBe(200);
  // Closing sends what is queued.
  await lake.close();
  await collector.close();
  const [sent] = collector.received;
  const body = JSON.parse(sent?.body ?? '{}');
  expect(sent?.path).toBe('/v1/traces');
  expect(sent?.body).not.toContain('canary');
  const spans = body.resourceSpans[0].scopeSpans[0].spans;
  expect(spans.map(({ name }: { name: string }) => name)).toEqual([
    'chat scripted/failing',
    'chat claude-scripted',
  ]);
  const requestId = answer.headers.get('x-request-id') ?? '';
  expect(spans[1].traceId).toBe(requestId.replaceAll('-', ''));
  const attributes = Object.fromEntries(
    spans[1].attributes.map(({ key, value }: { key: string; value: Record<string, unknown> }) => [
      key,
      Object.values(value)[0],
    ]),
  );
  expect(attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.usage.output_tokens': 12,
    'lakehouse.task': 'greet',
    'lakehouse.identity': 'admin',
  });
  expect(spans[0].status.code).toBe(2);
});

test('a collector that is down slows and fails nothing', async () => {
  const lake = await startModelServer({
    config: '[telemetry]\notlp_traces_url = "http://127.0.0.1:9/v1/traces"',
  });
  const messages = [{ role: 'user', content: 'Hello?' }];
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'gpt-x', messages },
  });
  expect(answer.status).toBe(200);
  await lake.close();
});
