import type { Command } from 'commander';
import { createAnswerText } from '../chat/answer-text.ts';
import { answerCut, type ChatAsked, chat, streamChat } from '../chat/chat-client.ts';
import { chatNotes } from '../chat/chat-view.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { readText } from '../read-text.ts';

interface ChatOptions extends RemoteOptions {
  readonly model?: string;
  readonly ladder?: string;
  readonly task?: string;
  readonly contextSql?: string;
  readonly system?: string;
  readonly maxOutputTokens?: number;
}

const EXAMPLES = `
Examples:
  $ lakehouse chat "Why do row filters belong at the scan?"
  $ lakehouse chat "Who fits best?" --context-sql "SELECT * FROM candidates WHERE skill = 'Welding' LIMIT 20"
  $ lakehouse chat --model anthropic/claude-haiku-4-5 --max-output-tokens 200 < question.txt
  $ lakehouse chat "Summarise this" --ladder scrum --task summarise --json

The rows of --context-sql are read as you, masked as you see them. The answer goes to standard output; what it was
given, the model and the cost go to standard error. With --json the whole answer is one object.`;

export const addChatCommand: AddCommand = (program, context) => {
  const command = program
    .command('chat')
    .summary('ask a model, with rows you may see')
    .argument('[prompt]', 'the question; without one, or as `-`, it is read from standard input')
    .option('--model <name>', '`provider/model`, or a name that routing.toml routes')
    .option('--ladder <name>', 'a ladder of routing.toml, instead of a model')
    .option('--task <name>', 'what it is for: routes, ceilings and rules may name it')
    .option('--context-sql <query>', 'one SELECT; its rows are put before the model')
    .option('--system <text>', 'instructions to the model')
    .option('--max-output-tokens <tokens>', 'longest answer', wholeNumber);
  addRemoteOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((prompt: string | undefined, options: ChatOptions) => run(context, command, prompt, options));
};

async function run(
  context: CliContext,
  command: Command,
  prompt: string | undefined,
  options: ChatOptions,
): Promise<void> {
  if (options.model !== undefined && options.ladder !== undefined) {
    command.error('error: --model and --ladder exclude each other');
  }
  const { terminal, interrupted: signal } = context;
  const api = connect(context, options);
  const question = prompt === undefined || prompt === '-' ? await readText(terminal.stdin) : prompt;
  if (question.trim() === '') throw usageFailure('There is no prompt.');
  const asked = request(question, options);
  if (options.json === true) {
    terminal.print(JSON.stringify(await chat(api, asked, signal), null, 2));
    return;
  }
  const text = createAnswerText();
  let last = '';
  const write = (piece: string) => {
    if (piece === '') return;
    terminal.stdout.write(piece);
    last = piece;
  };
  try {
    const outcome = await streamChat(api, asked, { signal, write: (piece) => write(text.add(piece)) });
    endLine();
    for (const line of chatNotes(outcome, terminal)) terminal.note(line);
    if (outcome.finish === 'cut') throw answerCut();
  } catch (error) {
    endLine();
    throw error;
  }

  function endLine(): void {
    write(text.end());
    if (last !== '' && !last.endsWith('\n')) terminal.print();
  }
}

function request(question: string, options: ChatOptions): ChatAsked {
  const { system, task, contextSql, maxOutputTokens } = options;
  return {
    messages: [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      { role: 'user', content: question },
    ],
    model: options.ladder === undefined ? (options.model ?? null) : `ladder/${options.ladder}`,
    ...(task === undefined ? {} : { task }),
    ...(contextSql === undefined ? {} : { context: { sql: contextSql } }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
  };
}
