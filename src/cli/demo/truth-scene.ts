import { CliFailure } from '../cli-failure.ts';
import { displayText } from '../display-text.ts';
import type { Terminal } from '../terminal.ts';
import { uploadChunks } from '../upload-file.ts';
import type { Caller } from './callers.ts';

interface EventsPage {
  readonly events: readonly {
    readonly id: string;
    readonly truth: readonly { readonly rule: string; readonly action: string }[] | null;
  }[];
}

const EMPTY_CSV = 'id,full_name\n';
/** A few telephone numbers between other remarks: too few to be sure, too many to say nothing. */
const SUSPICIOUS_CSV = [
  'order_id,callback',
  ...Array.from({ length: 80 }, (_, at) =>
    at % 8 === 0 ? `${at},+1-555-010-${String(1000 + at)}` : `${at},ask desk ${at} of the agency`,
  ),
  '',
].join('\n');

/** Triggers two of the shipped rules: one that blocks an empty file, one that flags suspected personal data. */
export async function triggerRules(admin: Caller, terminal: Terminal): Promise<string> {
  const { colours } = terminal;
  const blocked = await refusedUpload(admin, 'empty.csv', EMPTY_CSV);
  const answer = await uploadChunks(admin.api, 'orders.csv', once(SUSPICIOUS_CSV), { dataset: 'orders' });
  const query = { subject: `dataset:${answer.dataset_id}`, limit: 10 };
  const { value } = await admin.api.json<EventsPage>({ method: 'GET', path: '/journal/events', query });
  const marks = value.events.flatMap((event) => event.truth ?? []);
  const flagged = marks.map(({ rule, action }) => `${action} by ${rule}`).join(', ');
  return [
    `empty.csv    ${colours.red('blocked')}  ${displayText(blocked)}`,
    `orders.csv   ${flagged === '' ? colours.green('allowed') : colours.yellow('flagged')}  ${displayText(flagged || 'no rule matched')}`,
    colours.dim('a block leaves no dataset behind; a flag is written into the journal event of the ingest'),
  ].join('\n');
}

async function refusedUpload(admin: Caller, name: string, text: string): Promise<string> {
  try {
    await uploadChunks(admin.api, name, once(text), { dataset: 'nobody' });
    return 'was loaded, although the rule should have blocked it';
  } catch (error) {
    if (error instanceof CliFailure) return `${error.facts.detail} (${error.facts.code})`;
    throw error;
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
