import type { RequestLoss } from './request-losses.ts';

const TUNING = 'there is no such setting elsewhere';
const ACCOUNT = 'it concerns the account at the service';

/** What a request of chat completions may hold that the canonical chat does not carry. */
export const OPENAI_REQUEST_LOSSES = {
  n: { effect: 'wrong', why: 'several answers are given by services of this protocol only', harmless: [1] },
  audio: { effect: 'wrong', why: 'answers are text' },
  modalities: { effect: 'wrong', why: 'answers are text' },
  functions: { effect: 'wrong', why: 'the deprecated form of `tools` is not read' },
  function_call: { effect: 'wrong', why: 'the deprecated form of `tool_choice` is not read' },
  web_search_options: { effect: 'wrong', why: 'the search runs at the service' },
  'tools.custom': { effect: 'wrong', why: 'tools without a JSON schema exist in this protocol only' },
  'tool_choice.other': { effect: 'wrong', why: 'this choice of tools exists in this protocol only' },
  'response_format.other': { effect: 'wrong', why: 'this format exists in this protocol only' },
  'messages.role': { effect: 'wrong', why: 'a role that is not known cannot be given to another' },
  'messages.content': { effect: 'wrong', why: 'audio, files and other content are not carried' },
  'messages.tool.content': { effect: 'wrong', why: 'results of tools are carried as text alone' },
  'messages.tool_calls': { effect: 'wrong', why: 'calls of tools without a JSON schema are not carried' },
  'messages.function_call': { effect: 'wrong', why: 'the deprecated form of `tool_calls` is not read' },
  'messages.name': { effect: 'poorer', why: 'speakers have no names', isSaid: true },
  'messages.audio': { effect: 'poorer', why: 'the transcript is carried, not the sound' },
  'messages.image_url.detail': { effect: 'poorer', why: TUNING, harmless: ['auto'] },
  'tools.strict': { effect: 'poorer', why: 'arguments are not held to the schema', harmless: [false] },
  'response_format.json_schema.description': {
    effect: 'poorer',
    why: 'a schema describes itself',
    isSaid: true,
  },
  logprobs: { effect: 'poorer', why: 'probabilities are not reported', harmless: [false] },
  top_logprobs: { effect: 'poorer', why: 'probabilities are not reported', harmless: [0] },
  reasoning_effort: { effect: 'poorer', why: 'the nearest of off, low, medium and high is taken' },
  frequency_penalty: { effect: 'poorer', why: TUNING, harmless: [0] },
  presence_penalty: { effect: 'poorer', why: TUNING, harmless: [0] },
  logit_bias: { effect: 'poorer', why: 'tokens differ from model to model' },
  seed: { effect: 'poorer', why: 'no repetition is promised' },
  verbosity: { effect: 'poorer', why: TUNING },
  prediction: { effect: 'poorer', why: 'it makes an answer faster, not other', isSaid: true },
  metadata: { effect: 'poorer', why: ACCOUNT },
  moderation: { effect: 'poorer', why: ACCOUNT },
  store: { effect: 'poorer', why: ACCOUNT, harmless: [false] },
  service_tier: { effect: 'poorer', why: ACCOUNT, harmless: ['auto', 'default'] },
  user: { effect: 'poorer', why: ACCOUNT },
  safety_identifier: { effect: 'poorer', why: ACCOUNT },
  prompt_cache_key: { effect: 'poorer', why: ACCOUNT },
  prompt_cache_options: { effect: 'poorer', why: ACCOUNT },
  prompt_cache_retention: { effect: 'poorer', why: ACCOUNT },
} as const satisfies Readonly<Record<string, RequestLoss>>;

export type OpenAiLoss = keyof typeof OPENAI_REQUEST_LOSSES;
