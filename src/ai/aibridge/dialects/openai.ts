import type { Dialect } from './dialect.ts';
import { OPENAI_ANSWER_LOSSES, OpenAiStreamWriter, writeOpenAiAnswer } from './openai-answer.ts';
import { parseOpenAiRequest } from './openai-request.ts';

/** Chat completions, as clients of OpenAI speak them. */
export const openAiDialect: Dialect = {
  protocol: 'openai',
  parseRequest: parseOpenAiRequest,
  writeAnswer: writeOpenAiAnswer,
  createStreamWriter: (facts) => new OpenAiStreamWriter(facts),
  lossesOf: (answer) =>
    OPENAI_ANSWER_LOSSES.filter(({ occursIn }) => occursIn(answer)).map(({ name }) => name),
};
