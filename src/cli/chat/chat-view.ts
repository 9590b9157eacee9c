import { displayText } from '../display-text.ts';
import { counted, humanCount } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import type { Terminal } from '../terminal.ts';
import type { ChatOutcome } from './chat-client.ts';

/** What stands under an answer: what it was given, who gave it, what it cost, and whether it is whole. */
export function chatNotes(outcome: ChatOutcome, { colours }: Terminal): readonly string[] {
  const { usage, calls, finish } = outcome;
  const cached = usage.cached_input_tokens > 0 ? ` (${humanCount(usage.cached_input_tokens)} cached)` : '';
  const thought = usage.reasoning_tokens > 0 ? ` (${humanCount(usage.reasoning_tokens)} thinking)` : '';
  const facts = [
    displayText(outcome.model),
    `${humanCount(usage.input_tokens)}${cached} → ${humanCount(usage.output_tokens)}${thought} tokens`,
    humanUsd(usage.cost_usd),
    ...(calls > 1 ? [`${counted(calls, 'call')}`] : []),
  ];
  return [
    ...outcome.citations.map((one) => colours.dim(citation(one))),
    ...outcome.attempts.map(({ provider, model, class: failure }) =>
      colours.yellow(`! ${displayText(`${provider}/${model}`)} did not answer: ${displayText(failure)}`),
    ),
    ...(finish === 'stop' ? [] : [colours.yellow(`! not the whole answer: ${displayText(finish)}`)]),
    colours.dim(facts.join(' · ')),
  ];
}

function citation(one: ChatOutcome['citations'][number]): string {
  const from = Object.entries(one.snapshots).map(([dataset, snapshot]) =>
    snapshot === null ? dataset : `${dataset}@${snapshot}`,
  );
  const masked = one.masked_columns.length === 0 ? '' : ` · masked: ${one.masked_columns.join(', ')}`;
  const left = one.truncated ? ', more were left out' : '';
  return displayText(
    `[${one.id}] ${counted(one.row_count, 'row')} of ${from.join(', ') || 'no dataset'}${left}${masked}`,
  );
}
