import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/cli/cli-failure.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { lakehouse } from '../harness/command-line.ts';

const stream = () => new Writable({ write: (_chunk, _encoding, done) => done() });
const program = buildProgram({
  terminal: createTerminal({ stdin: Readable.from([]), stdout: stream(), stderr: stream(), environment: {} }),
  environment: {},
  fetch,
  nowMs: () => 0,
  interrupted: new AbortController().signal,
});

function leaves(command: Command, path: string[] = []): { path: string; command: Command }[] {
  const below = command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
  return below.length > 0 ? below : [{ path: path.join(' '), command }];
}

/** Commands that work on a home themselves; every other one speaks to a server. `journal verify` and `auditor` do both. */
const LOCAL = [
  'backup',
  'config check',
  'config show',
  'demo',
  'init',
  'keys recover',
  'restore',
  'review',
  'serve',
];

/** Commands in the shell blocks of the documents that users read, as words, without what follows on the line. */
function documented(): string[][] {
  const files = [
    'README.md',
    'docs/first-day.md',
    'docs/review.md',
    'docs/events.md',
    'docs/knowledge-base.md',
  ];
  return files.flatMap((file) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
      block.split('\n'),
    );
    return blocks.flatMap((line) => {
      const [, call] =
        /^(?:[A-Z_]+=\S+ |LAKEHOUSE_API_KEY=<[^>]*> )*(?:npx )?lakehouse (.*)$/.exec(line) ?? [];
      if (call === undefined) return [];
      const words = call.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
      const end = words.findIndex((word) => ['#', '|', '>', '<', '&&', ';'].includes(word));
      return [end < 0 ? words : words.slice(0, end)];
    });
  });
}

const helps = new Map<string, ReturnType<typeof lakehouse>>();
/** The help of a command, asked for once. */
function shownHelp(name: string): ReturnType<typeof lakehouse> {
  const shown = helps.get(name) ?? lakehouse([name, '--help']);
  helps.set(name, shown);
  return shown;
}

describe('the command line', () => {
  it.each(documented().map((words) => [words.join(' '), words] as const))(
    'has what the documents call: %s',
    (_line, words) => {
      let command = program;
      let next = 0;
      for (let found = true; found && command.commands.length > 0; next++) {
        const child = command.commands.find((one) => one.name() === words[next]);
        found = child !== undefined;
        expect(found, `${command.name()} ${words[next]}`).toBe(true);
        command = child ?? command;
      }
      const known = command.options.map((option) => option.long);
      const given = words.slice(next).flatMap((word) => /^--[a-z-]+/.exec(word) ?? []);
      for (const option of given) expect(known, option).toContain(option);
    },
  );

  it('works without a server only where this list says so', () => {
    const isRemote = (command: Command) => command.options.some((option) => option.long === '--url');
    const local = leaves(program).filter(({ command }) => !isRemote(command));
    expect(local.map(({ path }) => path).sort()).toEqual(LOCAL);
  });

  it.each(leaves(program).map(({ path, command }) => [path, command] as const))(
    '%s says what it does, and prints JSON',
    (path, command) => {
      expect(command.summary() || command.description()).not.toBe('');
      const printsJsonOnly = ['access policies get', 'journal checkpoint'].includes(path);
      if (!printsJsonOnly) expect(command.options.map((option) => option.long)).toContain('--json');
    },
  );

  it.each(program.commands.map((command) => [command.name()]))('%s shows examples', async (name) => {
    const { stdout, exitCode } = await shownHelp(name);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Examples:');
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  });

  it('says in the help of a command in a group what it does, and shows its examples', async () => {
    const { stdout } = await lakehouse(['access', 'delegate', '--help']);
    expect(stdout).toContain('let an agent act for you, for a short while');
    expect(stdout).toContain('$ lakehouse access delegate --agent matcher');
    expect(stdout).not.toContain('lakehouse access roles');
    expect(stdout).toContain('More: lakehouse access --help');
  });

  it.each(leaves(program).map(({ path }) => [path]))('%s has an example', async (path) => {
    const [group = ''] = path.split(' ');
    const { stdout } = await shownHelp(group);
    const examples = stdout.split('\n').filter((line) => /^ {2}\$ /.test(line));
    expect(examples.some((line) => `${line} `.includes(`lakehouse ${path} `))).toBe(true);
  });

  it('documents every exit code', async () => {
    const { stdout } = await lakehouse(['--help']);
    for (const code of Object.values(EXIT_CODES)) expect(stdout).toMatch(new RegExp(`^  ${code}  `, 'm'));
  });

  it.each([
    [['--version'], 0],
    [[], 2],
    [['nope'], 2],
    [['sql', 'SELECT 1', '--nope'], 2],
    [['sql', 'SELECT 1', '--limit', 'many'], 2],
    [['sql', 'SELECT 1', '--url', 'ftp://x'], 2],
    [['sql', 'SELECT 1', '--key-file', '/nowhere/key'], 2],
    [['sql', 'SELECT 1', '--url', 'http://127.0.0.1:1'], 4],
    [['status', '--url', 'http://127.0.0.1:1'], 4],
    [['serve', '--home', '/nowhere'], 2],
    [['config', 'check', '--file', '/nowhere.toml'], 2],
  ])('%j ends with %i', async (args, exitCode) => {
    expect((await lakehouse(args)).exitCode).toBe(exitCode);
  });

  it.each([
    [['sql', 'SELECT 1', '--nope', '--json']],
    [['keys', 'create', '--name', 'x', '--json']],
    [['sql', 'SELECT 1', '--limit', 'many', '--json']],
    [['nope', '--json']],
  ])('tells %j in JSON what is wrong with it', async (args) => {
    const { stderr, stdout, exitCode } = await lakehouse(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'cli.usage',
      detail: expect.stringContaining('--help'),
    });
  });

  it('prints a failure as JSON where JSON was asked for', async () => {
    const { stderr, stdout } = await lakehouse(['status', '--url', 'http://127.0.0.1:1', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'cli.unreachable' });
    expect(stdout).toBe('');
  });
});
