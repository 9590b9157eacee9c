import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Message, runStdioLink } from './stdio-link.ts';

interface Call {
  readonly id: unknown;
  readonly signal: AbortSignal;
  answer(): void;
}

/** A link whose calls are answered by the test, or never. */
function openLink(settings: { graceMs: number }) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const interruption = new AbortController();
  const calls: Call[] = [];
  const unreadable: string[] = [];
  const ended = runStdioLink({
    stdin,
    stdout,
    interrupted: interruption.signal,
    graceMs: settings.graceMs,
    forward(message, signal) {
      const id = 'id' in message ? message.id : null;
      return new Promise<Message | null>((resolve) => {
        calls.push({ id, signal, answer: () => resolve({ jsonrpc: '2.0', id: Number(id), result: {} }) });
        signal.addEventListener('abort', () => resolve(null));
      });
    },
    onUnreadable: () => void unreadable.push('unreadable'),
  });
  const call = (id: number) =>
    void stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: {} })}\n`);
  const begun = (count: number) => expect.poll(() => calls.length).toBe(count);
  return { stdin, stdout, interruption, calls, unreadable, ended, call, begun };
}

const FOREVER_MS = 2_000_000_000;

describe('the end of standard input', () => {
  it('ends the link at once where no call is under way', async () => {
    const link = openLink({ graceMs: FOREVER_MS });
    link.stdin.end();
    expect(await link.ended).toBe(0);
  });

  it('lets calls under way be answered', async () => {
    const link = openLink({ graceMs: FOREVER_MS });
    link.call(7);
    await link.begun(1);
    link.stdin.end();
    await once(link.stdin, 'end');
    link.calls[0]?.answer();
    expect(await link.ended).toBe(0);
    expect(String(link.stdout.read())).toContain('"id":7');
  });

  it('cuts off calls that are not answered in time, and says how many', async () => {
    const link = openLink({ graceMs: 1 });
    link.call(1);
    link.call(2);
    await link.begun(2);
    expect(link.calls.some(({ signal }) => signal.aborted)).toBe(false);
    link.stdin.end();
    expect(await link.ended).toBe(2);
    expect(link.calls.every(({ signal }) => signal.aborted)).toBe(true);
    expect(link.stdout.read()).toBeNull();
  });

  it('does not wait for the reader of an answer that nobody takes', async () => {
    const link = openLink({ graceMs: 1 });
    link.stdout.write('x'.repeat(link.stdout.writableHighWaterMark));
    link.call(1);
    await link.begun(1);
    link.calls[0]?.answer();
    link.stdin.end();
    expect(await link.ended).toBe(1);
  });

  it('is the same for an input that breaks', async () => {
    const link = openLink({ graceMs: 1 });
    link.call(1);
    await link.begun(1);
    link.stdin.destroy();
    expect(await link.ended).toBe(1);
  });
});

it('ends at a message that is too long to be read, after which no other can be', async () => {
  const link = openLink({ graceMs: FOREVER_MS });
  link.stdin.write('x'.repeat(11_000_000));
  expect(await link.ended).toBe(0);
  expect(link.unreadable).toHaveLength(1);
});

it('cuts everything off when it is interrupted', async () => {
  const link = openLink({ graceMs: FOREVER_MS });
  link.call(1);
  await link.begun(1);
  link.interruption.abort();
  expect(await link.ended).toBe(0);
  expect(link.calls[0]?.signal.aborted).toBe(true);
});
