import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** Addresses of model providers that their clients call and that are not served, with what takes the same here. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    /^\/v1\/responses\b/,
    'The Responses API is not served; send the conversation to POST /v1/chat/completions (`client.chat.completions.create`, `openai.chat(…)` of the Vercel AI SDK).',
  ],
  [
    /^\/v1\/completions\b/,
    'Completions of a bare prompt are not served; send it as a message to POST /v1/chat/completions.',
  ],
  [
    /^\/v1\/complete\b/,
    'Completions of a bare prompt are not served; send it as a message to POST /v1/messages.',
  ],
  [/^\/v1\/(?:messages\/)?batches\b/, 'Batches are not served; send each request by itself.'],
  [
    /^\/v1\/(?:audio|images|videos|files|uploads|moderations|assistants|threads|fine_tuning|realtime|vector_stores)\b/,
    'Of the services of model providers only chats, embeddings and the list of models are served.',
  ],
];

/** The refusal of a path that no route has. */
export function routeNotFound(path: string): LakeError {
  const instead = INSTEAD.find(([address]) => address.test(path))?.[1];
  return new LakeError(gatewayErrors.route_not_found, {
    detail: `There is nothing at this address. ${instead === undefined ? '' : `${instead} `}GET /openapi.json lists every address.`,
  });
}

/** Whether clients of model providers call addresses like this one: they read a refusal in their providers' shape alone. */
export function isModelAddress(path: string): boolean {
  return path.startsWith('/v1/');
}
