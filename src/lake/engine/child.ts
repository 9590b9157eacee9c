import {
  createDuckdbInstance,
  createDuckdbParser,
  type DuckdbInstance,
  type DuckdbParser,
} from './duckdb-instance.ts';
import type { EngineColumn } from './engine.ts';
import { createInstanceShelf, type LockedInstance } from './instance-shelf.ts';
import type {
  ChildAnswer,
  ChildInput,
  ChildOutput,
  ChildRequest,
  ChildSettings,
  InstanceLock,
} from './protocol.ts';
import type { KnownColumns } from './streamed-statement.ts';

/**
 * The program of an engine process. It serves one request at a time, keeps one instance warm, and does no file or
 * network access of its own. Without a folder it is the parser.
 */
const settings = readSettings(process.argv[2]);
let warm: DuckdbInstance | null = null;
let leased: LockedInstance | null = null;
const shelf = createInstanceShelf();
let parser: DuckdbParser | null = null;
const known: KnownColumns = new Map();
/** One request after another: no statement runs before its instance is locked, and none is closed under a statement. */
let turn: Promise<void> = Promise.resolve();
let unanswered = 0;
let interrupting: NodeJS.Timeout | undefined;
const INTERRUPT_AGAIN_MS = 20;

process.on('message', (input: ChildInput) => {
  if ('interrupt' in input) interrupt();
  else {
    unanswered += 1;
    turn = turn.then(() => answer(input.id, input.request));
  }
});
// The gateway is gone: nothing this process does can be of use.
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C reaches the whole group; the gateway decides when its engine processes end.
process.on('SIGINT', () => {});

if (settings === null) parser = await createDuckdbParser();
else warm = await createDuckdbInstance(settings, known);
send({ kind: 'ready' });

/**
 * Stops what runs. Repeated until it has answered: the engine forgets an interrupt that comes before its statement begins,
 * while the instance is locked or the text is parsed, and the statement would run until the process is killed.
 */
function interrupt(): void {
  if (unanswered === 0) return;
  leased?.instance.interrupt();
  interrupting ??= setInterval(() => leased?.instance.interrupt(), INTERRUPT_AGAIN_MS);
}

async function answer(id: number, request: ChildRequest): Promise<void> {
  try {
    const served = await serve(id, request);
    send({ kind: 'done', id, answer: served });
    if (served.kind === 'streamed' && served.isClosed) close(true);
  } catch (error) {
    send({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  } finally {
    unanswered -= 1;
    clearInterval(interrupting);
    interrupting = undefined;
  }
}

async function serve(id: number, request: ChildRequest): Promise<ChildAnswer> {
  switch (request.kind) {
    case 'query': {
      const instance = await open(request.lock);
      return { kind: 'result', result: await instance.query(request.sql, request.parameters) };
    }
    case 'stream': {
      const instance = await open(request.lock);
      const announce = (columns: readonly EngineColumn[]) => send({ kind: 'columns', id, columns });
      const streamed = await instance.stream(request, announce);
      // Where the next instance is not made yet, the lease's holder says when it ends: making it takes a while.
      return { kind: 'streamed', ...streamed, isClosed: request.endsLease && warm !== null };
    }
    case 'close':
      close(request.keep);
      if (settings !== null) warm ??= await createDuckdbInstance(settings, known);
      return { kind: 'nothing' };
    case 'parse':
      return { kind: 'ast', ast: await take(parser).parse(request.sql) };
    case 'deparse':
      return { kind: 'deparsed', ...(await take(parser).deparse(request.ast)) };
  }
}

/**
 * The lease's instance: the one that an earlier statement of the lease locked; the one that an earlier lease of the same
 * holder left under an equal lock; or the warm one, once it is locked.
 */
async function open(lock: InstanceLock | null): Promise<DuckdbInstance> {
  if (lock === null) return take(leased).instance;
  const kept = shelf.take(lock);
  if (kept !== null) {
    leased = kept;
    return kept.instance;
  }
  const instance = take(warm);
  warm = null;
  leased = { instance, lock, uses: 1 };
  try {
    await instance.lock(lock);
  } catch (error) {
    close(false);
    throw error;
  }
  return instance;
}

function close(keep: boolean): void {
  if (leased !== null && keep) shelf.put(leased);
  else leased?.instance.close();
  leased = null;
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
