import type { Command } from 'commander';
import { Option } from 'commander';
import { pathOf } from '../api-client.ts';
import { eventsIn } from '../chat/event-stream.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { cellText, displayLines, displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface Review {
  readonly review_id: string;
  readonly request_id: string;
  readonly created_at: string;
  readonly operation: string;
  readonly identity: string;
  readonly rules: readonly { readonly rule: string; readonly action: string }[];
  readonly state: string;
  readonly decided_by: string | null;
  readonly decided_at: string | null;
  readonly reason: string | null;
}

interface ReviewWithContent extends Review {
  readonly content_type: string;
  readonly content: string | null;
}

const EXAMPLES = `
Examples:
  $ lakehouse reviews list
  $ lakehouse reviews list --state approved --json
  $ lakehouse reviews show 0198…
  $ lakehouse reviews approve 0198… --reason "checked against the file"
  $ lakehouse reviews reject 0198… --reason "names the wrong person"`;

/** `reviews`: answers that a truth rule holds until a person decides. */
export const addReviewsCommand: AddCommand = (program, context) => {
  const reviews = program.command('reviews').description('answers of models that wait for a person');
  reviews.addHelpText('after', EXAMPLES);
  describeList(reviews.command('list'), context);
  describeShow(reviews.command('show'), context);
  describeDecision(reviews.command('approve'), context, {
    decision: 'approve',
    summary: 'let an answer go to who asked; journaled with the reason',
    done: 'Approved: who asked can fetch it with',
  });
  describeDecision(reviews.command('reject'), context, {
    decision: 'reject',
    summary: 'refuse an answer for good and erase it; journaled with the reason',
    done: 'Rejected, and its content is erased:',
  });
};

function describeList(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('what waits for a decision, newest first')
    .addOption(
      new Option('--state <state>', 'which reviews')
        .choices(['pending', 'approved', 'rejected'])
        .default('pending'),
    )
    .option('--limit <rows>', 'reviews at most', wholeNumber, 50)
    .action(async (options: RemoteOptions & { state: string; limit: number }) => {
      const { state, limit } = options;
      const api = connect(context, options);
      const { value } = await api.json<{ reviews: readonly Review[] }>({
        method: 'GET',
        path: '/truth/reviews',
        query: { state, limit },
      });
      show(context, options, value, () =>
        value.reviews.length === 0
          ? `No answer is ${state === 'pending' ? 'waiting for a review' : state}.`
          : reviewTable(value.reviews, context.terminal),
      );
    });
}

function describeShow(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<review-id>', 'as the list shows it'))
    .summary('one held answer, with its content and the rules that hold it')
    .action(async (id: string, options: RemoteOptions) => {
      const api = connect(context, options);
      const path = pathOf`/truth/reviews/${id}`;
      const { value } = await api.json<ReviewWithContent>({ method: 'GET', path });
      show(context, options, value, () => renderReview(value, context.terminal));
    });
}

function describeDecision(
  command: Command,
  context: CliContext,
  parts: { readonly decision: 'approve' | 'reject'; readonly summary: string; readonly done: string },
): void {
  addRemoteOptions(command.argument('<review-id>', 'as the list shows it'))
    .summary(parts.summary)
    .requiredOption('--reason <text>', 'why; it stands in the journal')
    .action(async (id: string, options: RemoteOptions & { reason: string }) => {
      const api = connect(context, options);
      const { value } = await api.json<{ review_id: string; journal_event_id: string | null }>({
        method: 'POST',
        path: pathOf`/truth/reviews/${id}/decision`,
        json: { decision: parts.decision, reason: options.reason },
      });
      const where =
        parts.decision === 'approve' ? `GET /truth/reviews/${value.review_id}/answer` : value.review_id;
      show(context, options, value, () => `${parts.done} ${displayText(where)}.`);
    });
}

function reviewTable(reviews: readonly Review[], { colours, columns }: Terminal): string {
  const rows = reviews.map((review) => [
    displayText(review.review_id),
    displayText(review.created_at),
    displayText(review.identity),
    displayText(review.operation),
    displayText(ruleNames(review)),
    cellText(review.decided_by ?? ''),
  ]);
  const head = ['review', 'since', 'who asked', 'operation', 'held by', 'decided by'];
  return renderTable({ head, rows, columns, colours, whole: 0 });
}

function renderReview(review: ReviewWithContent, { colours }: Terminal): string {
  const decided =
    review.decided_by === null
      ? []
      : ([
          ['decided', displayText(`${review.decided_at ?? ''} by ${review.decided_by}`)],
          ['reason', displayText(review.reason ?? '')],
        ] as const);
  const head = renderPairs(
    [
      ['review', displayText(review.review_id)],
      ['state', displayText(review.state)],
      ['who asked', displayText(review.identity)],
      ['operation', displayText(review.operation)],
      ['held by', displayText(ruleNames(review))],
      ['request', displayText(review.request_id)],
      ...decided,
    ],
    colours,
  );
  const content =
    review.content === null
      ? colours.dim('its content is erased')
      : displayLines(readable(review.content, review));
  return `${head}\n\n${content}`;
}

/** A held chat of ours as its text; every other answer as it would go out, so that nothing of it is approved unseen. */
function readable(content: string, { operation, content_type }: ReviewWithContent): string {
  if (operation !== 'models.chat' || !content_type.startsWith('text/event-stream')) return content;
  const texts = eventsIn(content).flatMap(({ name, data }) =>
    name === 'text' ? [(data as { text: string }).text] : [],
  );
  return texts.join('');
}

function ruleNames({ rules }: Review): string {
  return rules.map(({ rule }) => rule).join(', ');
}
