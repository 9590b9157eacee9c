import { expect, test } from 'vitest';
import { startModelServer } from '../harness/model-server.ts';

test('each settled call of a model is an event, failures with one signature, without prompt or answer', async () => {
  const lake = await startModelServer({ config: '' });
  const messages = [{ role: 'user', content: 'A canary prompt.' }];
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'ladder/fallback', messages, lakehouse_task: 'greet' },
  });
  expect(answer.status).toBe(200);
  const requestId = answer.headers.get('x-request-id');
  const calls = () => lake.server.api('GET', `/events?source=models&correlation_id=${requestId}`);
  await expect.poll(async () => (await calls()).json.events.length).toBe(2);
  const { text, json } = await calls();
  expect(text).not.toContain('canary');
  const [answered, failed] = json.events;
  expect(answered).toMatchObject({
    kind: 'call',
    severity: 'info',
    identity: 'system',
    signature: null,
    data: { task: 'greet', identity: 'admin', provider: 'anthropic', status: 'ok', output_tokens: 12 },
  });
  expect(failed).toMatchObject({ severity: 'error', data: { status: 'failed' } });
  expect(failed.signature).toBe(`models:${failed.data.model}:${failed.data.error_class}`);
  const { events } = (await lake.server.api('GET', '/journal/events?action=event.recorded')).json;
  expect(events.at(-1)).toMatchObject({ operation: 'observer.tell', identity: { name: 'system' } });
  await lake.close();
});
