import type { HttpRoute } from '../../govern/scope/index.ts';

const OUR_HEADERS = { 'x-lakehouse-task': 'lakehouse_task' };

/** Models over HTTP: our own chat, and the addresses that providers' clients call. */
export const bridgeRoutes: readonly HttpRoute[] = [
  {
    operation: 'models.chat',
    method: 'POST',
    path: '/v1/chat',
    body: 'json',
    streams: ['text/event-stream'],
  },
  {
    operation: 'models.chat_completions',
    method: 'POST',
    path: '/v1/chat/completions',
    body: 'json',
    headers: OUR_HEADERS,
    errorMember: true,
    streams: ['application/json', 'text/event-stream'],
  },
  {
    operation: 'models.messages',
    method: 'POST',
    path: '/v1/messages',
    body: 'json',
    headers: { ...OUR_HEADERS, 'anthropic-beta': 'lakehouse_anthropic_beta' },
    errorMember: true,
    streams: ['application/json', 'text/event-stream'],
  },
  {
    operation: 'models.embeddings',
    method: 'POST',
    path: '/v1/embeddings',
    body: 'json',
    headers: OUR_HEADERS,
    errorMember: true,
  },
  {
    operation: 'models.count_tokens',
    method: 'POST',
    path: '/v1/messages/count_tokens',
    body: 'json',
    headers: { ...OUR_HEADERS, 'anthropic-beta': 'lakehouse_anthropic_beta' },
    errorMember: true,
  },
  { operation: 'models.list', method: 'GET', path: '/v1/models', body: 'none', errorMember: true },
  {
    operation: 'models.get',
    method: 'GET',
    path: '/v1/models/{*model}',
    body: 'none',
    encodedSlashes: true,
    errorMember: true,
  },
  {
    operation: 'models.usage',
    method: 'GET',
    path: '/v1/usage',
    body: 'none',
    query: ['by', 'since', 'until'],
  },
  { operation: 'models.route.explain', method: 'POST', path: '/v1/route/explain', body: 'json' },
  { operation: 'models.route.health', method: 'GET', path: '/v1/route/health', body: 'none' },
];
