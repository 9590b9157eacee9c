import {
  createDuckdbInstance,
  createDuckdbParser,
  type DuckdbInstance,
  type DuckdbParser,
} from './duckdb-instance.ts';
import type { EngineColumn } from './engine.ts';
import type { ChildAnswer, ChildInput, ChildOutput, ChildRequest, ChildSettings } from './protocol.ts';

/**
 * The program of an engine process. It serves one request at a time, keeps one instance warm, and does no file or
 * network access of its own. Without a folder it is the parser.
 */
const settings = readSettings(process.argv[2]);
let warm: DuckdbInstance | null = null;
let leased: DuckdbInstance | null = null;
let parser: DuckdbParser | null = null;
/** Settles when what runs on the leased instance has ended; an instance is never closed under a statement. */
let statement: Promise<unknown> = Promise.resolve();

process.on('message', (input: ChildInput) => {
  if ('interrupt' in input) leased?.interrupt();
  else void answer(input.id, input.request);
});
// The gateway is gone: nothing this process does can be of use.
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C reaches the whole group; the gateway decides when its engine processes end.
process.on('SIGINT', () => {});

if (settings === null) parser = await createDuckdbParser();
else warm = await createDuckdbInstance(settings);
send({ kind: 'ready' });

async function answer(id: number, request: ChildRequest): Promise<void> {
  try {
    send({ kind: 'done', id, answer: await serve(id, request) });
  } catch (error) {
    send({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

async function serve(id: number, request: ChildRequest): Promise<ChildAnswer> {
  switch (request.kind) {
    case 'open':
      leased = take(warm);
      warm = null;
      await leased.lock(request);
      return { kind: 'nothing' };
    case 'query':
      return { kind: 'result', result: await track(take(leased).query(request.sql, request.parameters)) };
    case 'stream': {
      const announce = (columns: readonly EngineColumn[]) => send({ kind: 'columns', id, columns });
      const rowCount = await track(take(leased).stream(request, announce));
      return { kind: 'streamed', rowCount };
    }
    case 'close':
      await statement.catch(() => {});
      leased?.close();
      leased = null;
      if (settings !== null) warm ??= await createDuckdbInstance(settings);
      return { kind: 'nothing' };
    case 'parse':
      return { kind: 'ast', ast: await take(parser).parse(request.sql) };
    case 'deparse':
      return { kind: 'deparsed', ...(await take(parser).deparse(request.ast)) };
  }
}

function track<T>(work: Promise<T>): Promise<T> {
  statement = work;
  return work;
}

function take<T>(thing: T | null): T {
  if (thing === null) throw new Error('INTERNAL Error: request out of order');
  return thing;
}

function send(output: ChildOutput): void {
  process.send?.(output);
}

function readSettings(text: string | undefined): ChildSettings | null {
  return text === undefined ? null : (JSON.parse(text) as ChildSettings);
}
