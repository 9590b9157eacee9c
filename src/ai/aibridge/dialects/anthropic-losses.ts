import type { RequestLoss } from './request-losses.ts';

const ACCOUNT = 'it concerns the account at the service';
const AT_SERVICE = 'it runs or lies at the service';

/** What a request of messages may hold that the canonical chat does not carry. */
export const ANTHROPIC_REQUEST_LOSSES = {
  container: { effect: 'wrong', why: AT_SERVICE },
  mcp_servers: { effect: 'wrong', why: AT_SERVICE },
  context_management: { effect: 'wrong', why: AT_SERVICE },
  'tools.server': { effect: 'wrong', why: AT_SERVICE },
  'tool_choice.other': { effect: 'wrong', why: 'this choice of tools exists in this protocol only' },
  'output_config.format': { effect: 'wrong', why: 'this format exists in this protocol only' },
  'messages.role': { effect: 'wrong', why: 'a role that is not known cannot be given to another' },
  'messages.content': { effect: 'wrong', why: 'documents, files and blocks of the service are not carried' },
  'messages.tool_result.content': { effect: 'wrong', why: 'results of tools are carried as text alone' },
  'messages.redacted_thinking': { effect: 'poorer', why: 'only the service can read it' },
  'messages.citations': { effect: 'poorer', why: 'the text is carried, not what it quotes' },
  cache_control: { effect: 'poorer', why: 'others keep prompts by themselves, or not at all' },
  thinking: { effect: 'poorer', why: 'when to think is left to the model' },
  'thinking.budget_tokens': { effect: 'poorer', why: 'the nearest of low, medium and high is taken' },
  'output_config.effort': { effect: 'poorer', why: 'the nearest of low, medium and high is taken' },
  top_k: { effect: 'poorer', why: 'there is no such setting elsewhere' },
  'tools.strict': { effect: 'poorer', why: 'arguments are not held to the schema', harmless: [false] },
  metadata: { effect: 'poorer', why: ACCOUNT },
  service_tier: { effect: 'poorer', why: ACCOUNT, harmless: ['auto'] },
  speed: { effect: 'poorer', why: ACCOUNT, harmless: ['standard'] },
  inference_geo: { effect: 'wrong', why: 'where the request may be worked on cannot be promised elsewhere' },
  diagnostics: { effect: 'poorer', why: ACCOUNT },
  user_profile_id: { effect: 'poorer', why: ACCOUNT },
  workspace_id: { effect: 'poorer', why: ACCOUNT },
} as const satisfies Readonly<Record<string, RequestLoss>>;

export type AnthropicLoss = keyof typeof ANTHROPIC_REQUEST_LOSSES;
