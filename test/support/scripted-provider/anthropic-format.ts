import type { ScriptedReply } from './scripted-reply.ts';
import { pieces, type StreamFacts, type WireEvents, type WireFormat } from './wire-format.ts';

const ID = 'msg_scripted';
const NOTHING_SAID = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  pause: 'pause_turn',
} as const;

export const anthropicFormat: WireFormat = {
  streamMediaType: 'text/event-stream',
  garbage: 'event: content_block_delta\ndata: {"type": "content_block_delta", "delta": {\n\n',
  error: (message) => JSON.stringify({ type: 'error', error: { type: 'scripted_error', message } }),
  errorEvent: (message) => event('error', { error: { type: 'overloaded_error', message } }),
  whole: (reply, model) =>
    JSON.stringify({
      ...message(reply, model),
      content: blocks(reply).map(({ whole }) => whole),
      stop_reason: reply.fault === 'no_finish' ? null : STOP_REASONS[reply.finish],
    }),
  events,
};

function events(reply: ScriptedReply, { model }: StreamFacts): WireEvents {
  const said = blocks(reply).flatMap(({ start, deltas }, index) => [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ]);
  const begun =
    reply.fault === 'no_last_count'
      ? { ...reply, usage: { ...NOTHING_SAID, ...reply.usage, output: 1 } }
      : reply;
  const first = event('message_start', { message: { ...message(begun, model), content: [] } });
  const counted =
    reply.usage === null || reply.fault === 'no_last_count'
      ? {}
      : { usage: { output_tokens: reply.usage.output, ...details(reply), ...reply.usage.more } };
  const delta = { delta: { stop_reason: STOP_REASONS[reply.finish], stop_sequence: null }, ...counted };
  return {
    said: [first, event('ping', {}), ...said],
    finish: [event('message_delta', delta)],
    terminator: [event('message_stop', {})],
  };
}

function blocks(reply: ScriptedReply) {
  const thinking = {
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...pieces(reply.thinking).map((text) => ({ type: 'thinking_delta', thinking: text })),
      { type: 'signature_delta', signature: 'c2lnbmVk' },
    ],
    whole: { type: 'thinking', thinking: reply.thinking, signature: 'c2lnbmVk' },
  };
  const text = {
    start: { type: 'text', text: '' },
    deltas: pieces(reply.text).map((piece) => ({ type: 'text_delta', text: piece })),
    whole: { type: 'text', text: reply.text },
  };
  const calls = reply.toolCalls.map(({ id, name, argumentsJson }) => ({
    start: { type: 'tool_use', id, name, input: {} },
    deltas: pieces(argumentsJson).map((json) => ({ type: 'input_json_delta', partial_json: json })),
    whole: { type: 'tool_use', id, name, input: parsed(argumentsJson) },
  }));
  return [...(reply.thinking === '' ? [] : [thinking]), ...(reply.text === '' ? [] : [text]), ...calls];
}

/** A whole message has no place for arguments that were cut; the service gives what it could read of them. */
function parsed(argumentsJson: string): unknown {
  try {
    return JSON.parse(argumentsJson);
  } catch {
    return {};
  }
}

function message(reply: ScriptedReply, model: string): object {
  const counted = reply.usage;
  return {
    id: ID,
    type: 'message',
    role: 'assistant',
    model,
    stop_reason: null,
    stop_sequence: null,
    ...(counted === null
      ? {}
      : {
          usage: {
            input_tokens: counted.input - counted.cachedInput,
            cache_read_input_tokens: counted.cachedInput,
            cache_creation_input_tokens: 0,
            output_tokens: counted.output,
            ...details(reply),
            ...counted.more,
          },
        }),
  };
}

function details({ usage }: ScriptedReply): object {
  return { output_tokens_details: { thinking_tokens: usage?.reasoning ?? 0 } };
}

function event(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}
