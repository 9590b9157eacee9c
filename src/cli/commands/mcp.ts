import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { counted } from '../human-text.ts';
import { createForwarder } from '../mcp/forward-message.ts';

const EXAMPLES = `
Examples:
  $ LAKEHOUSE_API_KEY=… lakehouse mcp
  $ lakehouse mcp --url https://lake.example.com --key-file ~/.lakehouse/agent.key
  $ lakehouse mcp --key-file agent.key --on-behalf-of-file rosa.token   # read again for each message

An MCP client starts it, for example with this in its configuration:
  {"mcpServers": {"lakehouse": {"command": "lakehouse", "args": ["mcp"],
    "env": {"LAKEHOUSE_URL": "http://127.0.0.1:8080", "LAKEHOUSE_API_KEY": "lh_live_…"}}}}`;

/** `mcp`: standard input and output for MCP clients that start a program; the server's `/mcp` does the work. */
export const addMcpCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('mcp'))
    .summary('serve MCP over standard input and output, with the rights of your key')
    .addHelpText('after', EXAMPLES)
    .action((options: RemoteOptions) => serveStdio(context, options));
};

async function serveStdio(context: CliContext, options: RemoteOptions): Promise<void> {
  const { terminal, interrupted } = context;
  // A mistake on the command line ends the command before a client waits for an answer.
  connect(context, options);
  // The protocol's library takes a tenth of a second to load, which no other command should wait for.
  const { runStdioLink } = await import('../mcp/stdio-link.ts');
  const cutOff = await runStdioLink({
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    interrupted,
    graceMs: GRACE_MS,
    forward: createForwarder(() => connect(context, options)),
    onUnreadable: () => terminal.note('A line that is no JSON-RPC message was left out.'),
  });
  if (cutOff === 0) return;
  throw new CliFailure(EXIT_CODES.failed, {
    code: 'cli.input_ended',
    detail:
      `Standard input ended, and ${counted(cutOff, 'call')} had no answer ${GRACE_MS / 1_000} seconds later: cancelled. ` +
      'Keep the input open until every answer has come.',
  });
}

/** How long calls under way may still be answered after the end of standard input, which is also the end of a client. */
const GRACE_MS = 5_000;
