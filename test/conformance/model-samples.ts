import type { TestServer } from '../harness/server.ts';
import type { Fixture, Sample } from './samples.ts';

const get = (path: string): Sample => ({ method: 'GET', path, options: {} });
const post = (path: string, json: unknown): Sample => ({ method: 'POST', path, options: { json } });
const messages = [{ role: 'user', content: 'Hello?' }];

/** Drop-in addresses of a provider's protocol: what they do not know is the provider's to judge, and is passed on. */
export const PASSES_UNKNOWN_ON: ReadonlySet<string> = new Set([
  'models.chat_completions',
  'models.messages',
  'models.count_tokens',
]);

/** Requests that reach the operations on models and on reviews, over the scripted provider. */
export const modelSamples: Readonly<Record<string, (fixture: Fixture) => Sample | Promise<Sample>>> = {
  'models.chat': () => post('/v1/chat', { model: 'gpt-scripted', messages }),
  'models.chat_completions': () => post('/v1/chat/completions', { model: 'gpt-scripted', messages }),
  'models.messages': () => post('/v1/messages', { model: 'claude-scripted', messages, max_tokens: 50 }),
  'models.embeddings': () => post('/v1/embeddings', { model: 'openai/text-embedding', input: 'Hello?' }),
  'models.count_tokens': () => post('/v1/messages/count_tokens', { model: 'claude-scripted', messages }),
  'models.list': () => get('/v1/models'),
  'models.get': () => get('/v1/models/openai/gpt-scripted'),
  'models.usage': () => get('/v1/usage'),
  'models.route.explain': () => post('/v1/route/explain', { model: 'gpt-scripted' }),
  'models.route.health': () => get('/v1/route/health'),
  'truth.reviews': () => get('/truth/reviews'),
  'truth.reviews.get': async ({ server }) => get(`/truth/reviews/${await heldReview(server, 'author')}`),
  'truth.reviews.decide': async ({ server }) =>
    post(`/truth/reviews/${await heldReview(server, 'author')}/decision`, {
      decision: 'approve',
      reason: 'The probe approves.',
    }),
  'truth.reviews.answer': async ({ server }) => {
    const id = await heldReview(server, null);
    const key = (await server.key('admin', {}, 'reviewer')).key;
    const json = { decision: 'approve', reason: 'The probe approves.' };
    await server.api('POST', `/truth/reviews/${id}/decision`, { key, json });
    return get(`/truth/reviews/${id}/answer`);
  },
};

/** A review of an answer that a rule of the probes holds back; asked for by a name, or by the administrator. */
async function heldReview(server: TestServer, name: string | null): Promise<string> {
  const key = name === null ? server.adminKey : (await server.key('admin', {}, name)).key;
  const json = { model: 'gpt-scripted', messages, task: 'reviewed' };
  const held = await server.api('POST', '/v1/chat', { key, json });
  return String(held.json?.review_id ?? 'none');
}
