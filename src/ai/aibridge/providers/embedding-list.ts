import type { JsonValue } from '../../../base/index.ts';
import { answerFailure } from '../transport/status-failure.ts';

/** One vector of finite numbers for each text, all of one length. Throws `ProviderFailure` for anything else. */
export function embeddingList(vectors: readonly JsonValue[], texts: number): readonly (readonly number[])[] {
  const checked = vectors.filter(isVector);
  const isComplete = vectors.length === texts && checked.length === texts;
  if (!isComplete || checked.some(({ length }) => length !== checked[0]?.length)) {
    throw answerFailure('The provider’s answer does not hold one vector for each text.');
  }
  return checked;
}

function isVector(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');
}
