import { readFileSync } from 'node:fs';
import type { AddCommand } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { humanCount } from '../human-text.ts';
import { show } from '../show.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface Rules {
  readonly rules: readonly {
    readonly name: string;
    readonly task_class: string;
    readonly phase: string;
    readonly action: string;
    readonly message: string;
    readonly hits: number;
  }[];
}

interface Verdict {
  readonly action: string;
  readonly outcomes: readonly {
    readonly rule: string;
    readonly phase: string;
    readonly matched: boolean;
    readonly action: string;
    readonly message: string;
  }[];
}

const EXAMPLES = `
Examples:
  $ lakehouse truth rules
  $ lakehouse truth evaluate ingest --phase after --context '{"row_count": 0}'
  $ lakehouse truth evaluate ingest --context @context.json --json
  $ lakehouse truth reload`;

export const addTruthCommand: AddCommand = (program, context) => {
  const truth = program
    .command('truth')
    .description('rules that judge requests and results')
    .addHelpText('after', EXAMPLES);

  addRemoteOptions(truth.command('rules'))
    .summary('the rules in force, with their hits')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json<Rules>({ method: 'GET', path: '/truth/rules' });
      show(context, options, value, () => renderRules(value, context.terminal));
    });

  addRemoteOptions(truth.command('evaluate').argument('<task-class>', 'for example ingest'))
    .summary('try the rules of a task class on a context; nothing is counted')
    .requiredOption('--context <json>', 'the context as JSON, or @file')
    .option('--phase <phase>', 'before or after; both where absent')
    .action(async (taskClass: string, options: RemoteOptions & { context: string; phase?: string }) => {
      const phase = options.phase === undefined ? {} : { phase: options.phase };
      const json = { task_class: taskClass, ...phase, context: contextFrom(options.context) };
      const api = connect(context, options);
      const { value } = await api.json<Verdict>({ method: 'POST', path: '/truth/evaluate', json });
      show(context, options, value, () => renderVerdict(value, context.terminal));
    });

  addRemoteOptions(truth.command('reload'))
    .summary('read the rules file again')
    .action(async (options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<{ changed: boolean; rule_count: number }>({
        method: 'POST',
        path: '/truth/reload',
      });
      show(
        context,
        options,
        value,
        () => `${value.rule_count} rules are in force${value.changed ? '' : ', unchanged'}.`,
      );
    });
};

function contextFrom(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch {
    throw usageFailure('--context must be a JSON object, or @ and the name of a file that holds one.');
  }
}

function renderRules({ rules }: Rules, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const rows = rules.map((rule) => [
    displayText(rule.name),
    `${displayText(rule.task_class)} ${displayText(rule.phase)}`,
    paint(rule.action, terminal),
    humanCount(rule.hits),
    displayText(rule.message),
  ]);
  const head = ['rule', 'judges', 'action', 'hits', 'message'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([3]) });
}

function renderVerdict(verdict: Verdict, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const rows = verdict.outcomes.map((outcome) => [
    displayText(outcome.rule),
    displayText(outcome.phase),
    outcome.matched ? 'yes' : 'no',
    paint(outcome.action, terminal),
    displayText(outcome.message),
  ]);
  const table = renderTable({
    head: ['rule', 'phase', 'matched', 'action', 'message'],
    rows,
    columns,
    colours,
  });
  return `${table}\n${colours.dim('verdict:')} ${paint(verdict.action, terminal)}`;
}

function paint(action: string, terminal: Terminal): string {
  const { colours } = terminal;
  const paints: Record<string, (text: string) => string> = {
    allow: colours.green,
    flag: colours.yellow,
    'require-review': colours.magenta,
    block: colours.red,
  };
  return (paints[action] ?? ((text: string) => text))(displayText(action));
}
