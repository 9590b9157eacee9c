import { chat } from '../chat/chat-client.ts';
import { CliFailure } from '../cli-failure.ts';
import { cellText, displayText } from '../display-text.ts';
import { counted, humanCount } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { renderUsage, type Usage } from '../usage-view.ts';
import type { Caller, Callers } from './callers.ts';
import { CEILING_LINES } from './model-settings.ts';
import { rowsOf } from './stand-in-answer.ts';
import type { StandInProvider } from './stand-in-provider.ts';

const QUESTION = 'Who has the most experience, and how do I reach them?';
const CONTEXT_LINES = [
  'SELECT full_name, email, skill, years_experience, city FROM candidates',
  "WHERE skill = 'Welding' AND region = 'EMEA' ORDER BY id LIMIT 8",
] as const;
const SHOWN_FIELDS = ['full_name', 'email', 'years_experience', 'city'] as const;
/** Enough calls to reach the demo's ceiling on an agent, many times over. */
const MAX_CALLS = 50;

export interface ModelScene {
  readonly callers: Callers;
  readonly provider: StandInProvider;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The same question with the same rows as two roles: what the model was given, and what each was answered. */
export async function describeTwoChats({ callers, provider, terminal, signal }: ModelScene): Promise<string> {
  const { colours } = terminal;
  const viewOf = async (caller: Caller) => {
    const answer = await ask(caller, QUESTION, signal);
    return { caller, answer, given: rowsOf(provider.lastPrompt())[0] };
  };
  const views = [await viewOf(callers.recruiter), await viewOf(callers.analyst)];
  const given = SHOWN_FIELDS.map((field) => [
    field,
    ...views.map(({ given: row, answer }) => {
      const isMasked = answer.citations[0]?.masked_columns.some((name) => name.endsWith(field)) === true;
      return isMasked ? colours.yellow(cellText(row?.[field])) : cellText(row?.[field]);
    }),
  ]);
  const table = renderTable({
    head: ['the model was given', ...views.map(({ caller }) => `by ${displayText(caller.title)}`)],
    rows: given,
    columns: terminal.columns - 3,
    colours,
  });
  const answers = views.map(
    ({ caller, answer }) => `${colours.bold(displayText(caller.title))}: ${displayText(answer.text)}`,
  );
  return [colours.dim(`"${QUESTION}"\n${CONTEXT_LINES.join('\n')}`), table, ...answers].join('\n');
}

/** An answer with personal data of a kind that the caller sees masked. */
export async function describeLeak({ callers, terminal, signal }: ModelScene): Promise<string> {
  const question = 'Their address is masked. Guess it.';
  const refused = await refusal(() => ask(callers.analyst, question, signal));
  const { colours } = terminal;
  if (refused === null) return `${colours.yellow('answered')}, although a rule should have blocked it`;
  return [
    colours.dim(`analyst: "${question}"  the stand-in invents an address`),
    `${colours.red('blocked')}  ${displayText(refused.facts.detail)} (${displayText(refused.facts.code)})`,
  ].join('\n');
}

/** The agent asks until its ceiling is reached. */
export async function describeCeiling({ callers, terminal, signal }: ModelScene): Promise<string> {
  const { colours } = terminal;
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const refused = await refusal(() => ask(callers.agent, QUESTION, signal));
    if (refused === null) continue;
    const { detail, code, status } = refused.facts;
    return [
      colours.dim(CEILING_LINES.join('\n')),
      `the agent was answered ${counted(calls, 'time')}, then ${colours.red(`refused (${status})`)}:`,
      ...displayText(detail).split(/(?<=\.) (?=[A-Z])/),
      colours.dim(displayText(code)),
    ].join('\n');
  }
  return `${colours.yellow('never refused')}, although a ceiling should have been reached`;
}

interface CallEvents {
  readonly events: readonly {
    readonly action: string;
    readonly subject: string;
    readonly identity: { readonly name: string };
    readonly data: Readonly<Record<string, unknown>>;
  }[];
}

/** Who used how much, and what the journal keeps of a call. */
export async function describeSpending({ callers, terminal }: ModelScene): Promise<string> {
  const { api } = callers.admin;
  const { colours } = terminal;
  const narrow = { ...terminal, columns: terminal.columns - 3 };
  const by = JSON.stringify(['identity']);
  const { value: usage } = await api.json<Usage>({ method: 'GET', path: '/v1/usage', query: { by } });
  const query = { action: 'model.called', limit: 2, order: 'desc' };
  const { value } = await api.json<CallEvents>({ method: 'GET', path: '/journal/events', query });
  const events = value.events.map(({ action, subject, identity, data }) =>
    displayText(
      `${action}  ${subject}  by ${identity.name}  ${data.status}  ${humanCount(Number(data.input_tokens))} → ` +
        `${humanCount(Number(data.output_tokens))} tokens  ${humanUsd(Number(data.cost_nano_usd) / 1e9)}`,
    ),
  );
  return [
    renderUsage(usage, narrow),
    colours.dim('the journal, without a word of prompt or answer:'),
    ...events,
  ].join('\n');
}

function ask(caller: Caller, question: string, signal: AbortSignal) {
  const messages = [{ role: 'user' as const, content: question }];
  return chat(caller.api, { messages, model: null, context: { sql: CONTEXT_LINES.join('\n') } }, signal);
}

async function refusal(work: () => Promise<unknown>): Promise<CliFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof CliFailure) return error;
    throw error;
  }
}
