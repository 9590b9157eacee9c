import type { EngineColumn, EngineFormat, EngineParameters, EngineResult } from './engine.ts';

/**
 * What the gateway's side and an engine process say to each other over the process's message channel. Result bytes do
 * not travel here: they go through the process's named pipe, unparsed and with back-pressure.
 */
export type ChildRequest =
  | {
      readonly kind: 'query';
      readonly lock: InstanceLock | null;
      readonly sql: string;
      readonly parameters: EngineParameters;
    }
  | {
      readonly kind: 'stream';
      readonly lock: InstanceLock | null;
      readonly sql: string;
      readonly parameters: EngineParameters;
      readonly format: EngineFormat;
      readonly shape: string | null;
      /** The lease is for this statement alone, and ends with it where it can: see `isClosed` of the answer. */
      readonly endsLease: boolean;
    }
  /** Ends a lease: its instance is kept for its holder, or thrown away; the next one is warmed. */
  | { readonly kind: 'close'; readonly keep: boolean }
  | { readonly kind: 'parse'; readonly sql: string }
  | { readonly kind: 'deparse'; readonly ast: string };

/**
 * What an instance is locked to, and by whom it may be used again: only under a lock that is equal in all of this. It
 * comes with the lease's first statement and with no other: the instance
 * is locked before the statement is looked at, and without a message of its own.
 */
export interface InstanceLock {
  readonly allowedPaths: readonly string[];
  readonly memoryLimitMb: number;
  readonly preserveOrder: boolean;
  readonly blindPlan: boolean;
  /** Of the instance; it begins with one. */
  readonly threads: number;
  /** Null where the instance serves one lease and is thrown away. */
  readonly holder: string | null;
}

export type ChildInput =
  | { readonly id: number; readonly request: ChildRequest }
  /** Stops what runs; the running request answers with an error. */
  | { readonly interrupt: true };

export type ChildOutput =
  | { readonly kind: 'ready' }
  /** Names and types of a stream, before its bytes. */
  | { readonly kind: 'columns'; readonly id: number; readonly columns: readonly EngineColumn[] }
  | { readonly kind: 'done'; readonly id: number; readonly answer: ChildAnswer }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

export type ChildAnswer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'result'; readonly result: EngineResult }
  | ({ readonly kind: 'streamed'; readonly isClosed: boolean } & StreamedAnswer)
  | { readonly kind: 'ast'; readonly ast: string }
  | { readonly kind: 'deparsed'; readonly sql: string; readonly ast: string };

/** What became of a statement that is streamed. */
export interface StreamedAnswer {
  readonly rowCount: number;
  /** A short answer whole, with its columns, of which nothing went before; null where its bytes went through the pipe. */
  readonly short: { readonly columns: readonly EngineColumn[]; readonly text: string } | null;
}

/** How a process is set up once, before it takes requests; passed as JSON in its only argument. */
export interface ChildSettings {
  /** The process's own folder: `results` is its named pipe, `spill` where queries spill. */
  readonly folder: string;
  /** 0 for no spilling. */
  readonly spillLimitMb: number;
}

/** The named pipe a process writes results into. */
export function resultPipePath(folder: string): string {
  return `${folder}/results`;
}

/** The folder a process spills into. */
export function spillPath(folder: string): string {
  return `${folder}/spill`;
}
