import { ANTHROPIC_ANSWER_LOSSES, writeAnthropicAnswer } from './anthropic-answer.ts';
import { parseAnthropicRequest } from './anthropic-request.ts';
import { AnthropicStreamWriter } from './anthropic-stream-writer.ts';
import type { Dialect } from './dialect.ts';

/** Messages, as clients of Anthropic speak them. */
export const anthropicDialect: Dialect = {
  protocol: 'anthropic',
  parseRequest: parseAnthropicRequest,
  writeAnswer: writeAnthropicAnswer,
  createStreamWriter: (facts) => new AnthropicStreamWriter(facts),
  lossesOf: (answer) =>
    ANTHROPIC_ANSWER_LOSSES.filter(({ occursIn }) => occursIn(answer)).map(({ name }) => name),
};
