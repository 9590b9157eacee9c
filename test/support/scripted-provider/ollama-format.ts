import type { ScriptedReply } from './scripted-reply.ts';
import { pieces, type StreamFacts, type WireEvents, type WireFormat } from './wire-format.ts';

const CREATED_AT = '2026-11-01T12:00:00.123456Z';

export const ollamaFormat: WireFormat = {
  streamMediaType: 'application/x-ndjson',
  garbage: '{"model": "x", "message": {\n',
  error: (message) => JSON.stringify({ error: message }),
  errorEvent: (message) => `${JSON.stringify({ error: message })}\n`,
  whole: (reply, model) =>
    JSON.stringify({
      ...head(model),
      message: {
        role: 'assistant',
        content: reply.text,
        ...(reply.thinking === '' ? {} : { thinking: reply.thinking }),
        ...(reply.toolCalls.length === 0 ? {} : { tool_calls: calls(reply) }),
      },
      ...(reply.fault === 'no_finish' ? { done: false } : end(reply)),
    }),
  events,
};

function events(reply: ScriptedReply, { model }: StreamFacts): WireEvents {
  const line = (value: object) => `${JSON.stringify({ ...head(model), ...value })}\n`;
  const said = (message: object) => line({ message: { role: 'assistant', ...message }, done: false });
  return {
    said: [
      ...pieces(reply.thinking).map((thinking) => said({ content: '', thinking })),
      ...pieces(reply.text).map((content) => said({ content })),
      ...(reply.toolCalls.length === 0 ? [] : [said({ content: '', tool_calls: calls(reply) })]),
    ],
    // The last line says both why the model stopped and that nothing follows.
    finish: [],
    terminator: [line({ message: { role: 'assistant', content: '' }, ...end(reply) })],
  };
}

function head(model: string): object {
  return { model, created_at: CREATED_AT };
}

/** Ollama calls tools with whole arguments; what was cut is no call yet. */
function calls(reply: ScriptedReply): readonly object[] {
  return reply.toolCalls.map(({ id, name, argumentsJson }) => ({
    id,
    function: { name, arguments: parsed(argumentsJson) },
  }));
}

function parsed(argumentsJson: string): unknown {
  try {
    return JSON.parse(argumentsJson);
  } catch {
    return {};
  }
}

function end({ finish, usage }: ScriptedReply): object {
  return {
    done: true,
    done_reason: finish === 'length' ? 'length' : 'stop',
    total_duration: 5_000_000,
    ...(usage === null ? {} : { prompt_eval_count: usage.input, eval_count: usage.output }),
  };
}
