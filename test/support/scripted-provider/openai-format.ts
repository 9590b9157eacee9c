import type { ScriptedReply } from './scripted-reply.ts';
import { pieces, type StreamFacts, type WireEvents, type WireFormat } from './wire-format.ts';

const CREATED = 1_790_000_000;
const ID = 'chatcmpl-scripted';

export const openAiFormat: WireFormat = {
  streamMediaType: 'text/event-stream',
  garbage: 'data: {"id": "chatcmpl-scripted", "choices": [{"delta": {\n\n',
  error: (message) => JSON.stringify({ error: { message, type: 'scripted_error', param: null, code: null } }),
  errorEvent: (message) => event({ error: { message, type: 'server_error' } }),
  whole: (reply, model) =>
    JSON.stringify({
      id: ID,
      object: 'chat.completion',
      created: CREATED,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: reply.text === '' ? null : reply.text,
            ...(reply.thinking === '' ? {} : { reasoning_content: reply.thinking }),
            ...(reply.toolCalls.length === 0 ? {} : { tool_calls: reply.toolCalls.map(toolCall) }),
          },
          logprobs: null,
          finish_reason: reply.fault === 'no_finish' ? null : reply.finish,
        },
      ],
      ...(reply.usage === null ? {} : { usage: usage(reply) }),
      system_fingerprint: 'fp_scripted',
    }),
  events,
};

function events(reply: ScriptedReply, { model, includesUsage }: StreamFacts): WireEvents {
  const chunk = (delta: object, finish: string | null = null) =>
    event({
      id: ID,
      object: 'chat.completion.chunk',
      created: CREATED,
      model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includesUsage ? { usage: null } : {}),
    });
  const said = [
    chunk({ role: 'assistant', content: '' }),
    ...pieces(reply.thinking).map((text) => chunk({ reasoning_content: text })),
    ...pieces(reply.text).map((content) => chunk({ content })),
    ...reply.toolCalls.flatMap((call, index) => [
      chunk({ tool_calls: [{ index, ...toolCall({ ...call, argumentsJson: '' }) }] }),
      ...pieces(call.argumentsJson).map((json) =>
        chunk({ tool_calls: [{ index, function: { arguments: json } }] }),
      ),
    ]),
  ];
  const last =
    includesUsage && reply.usage !== null
      ? [
          event({
            id: ID,
            object: 'chat.completion.chunk',
            created: CREATED,
            model,
            choices: [],
            usage: usage(reply),
          }),
        ]
      : [];
  return { said, finish: [chunk({}, reply.finish), ...last], terminator: ['data: [DONE]\n\n'] };
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function toolCall(call: ScriptedReply['toolCalls'][number]): object {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.argumentsJson } };
}

function usage({ usage: counted }: ScriptedReply): object | null {
  if (counted === null) return null;
  return {
    prompt_tokens: counted.input,
    completion_tokens: counted.output,
    total_tokens: counted.input + counted.output,
    prompt_tokens_details: { cached_tokens: counted.cachedInput },
    completion_tokens_details: { reasoning_tokens: counted.reasoning },
    ...counted.more,
  };
}
