import type { z } from 'zod';
import type { JsonObject, LakeError, Statement } from '../../base/index.ts';
import type { Demand, Permission } from './demand.ts';
import type { ReadScope, ResolveScope, WriteScope } from './scope.ts';

/**
 * The unit of the system: what a request may do, declared so that the door can run it. HTTP routes, MCP tools and CLI
 * commands only name one. `R` is what *resolve* found out and `run` needs again (a parsed query, a pinned snapshot).
 */
export type Operation<I, O, R> = ReadOperation<I, O, R> | MutationOperation<I, O, R>;

/** An operation of any input and output, as the registry holds it; the door validates before it runs one. */
// biome-ignore lint/suspicious/noExplicitAny: only an any stands for every input, output and resolution at once.
export type AnyOperation = Operation<any, any, any>;

/** Declares a read; infers its types. */
export function readOperation<I, O, R>(
  operation: Omit<ReadOperation<I, O, R>, 'kind'>,
): ReadOperation<I, O, R> {
  return { kind: 'read', ...operation };
}

/** Declares a mutation; infers its types. */
export function mutationOperation<I, O, R>(
  operation: Omit<MutationOperation<I, O, R>, 'kind'>,
): MutationOperation<I, O, R> {
  return { kind: 'mutation', ...operation };
}

interface OperationBase<I, R> {
  /** `<room>.<verb>`, for example `query.sql`; stable, journaled and audited. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** Plain JSON types only, strict objects: unknown fields are refused (K-18). */
  readonly input: z.ZodType<I>;
  readonly output: z.ZodType;
  readonly access: AccessRule<I, R>;
  readonly truth: TruthRule<I, R>;
  /** The query text and parameters to keep in the audit row for re-evaluation; readable by auditors only. */
  auditStatement?(input: I): { readonly sql: string; readonly parametersJson: string };
}

export type AccessRule<I, R> =
  /** Answers anyone; the closed list of test/conformance names every one. */
  | { readonly kind: 'public'; readonly reason: string }
  /** Any identity, about itself or filtered by its own rights inside `run` through `scope.authorise`. */
  | { readonly kind: 'authenticated'; readonly reason: string }
  | { readonly kind: 'demands'; resolve(scope: ResolveScope, input: I): Promise<Resolution<R>> };

/** The rule of an operation that one permission allows, whatever its input. */
export function permissionRule(permission: Permission) {
  const resolution: Resolution<null> = { demands: [{ kind: 'permission', permission }], resolved: null };
  return { kind: 'demands', resolve: async () => resolution } as const;
}

/** The truth rule of an operation with nothing to judge, for this reason. */
export function nothingToJudge(reason: string) {
  return { before: { none: reason }, after: { none: reason } } as const;
}

export interface Resolution<R> {
  /** `none` for an input that reads nothing of anyone's (`SELECT 1`), with the reason. */
  readonly demands: readonly [Demand, ...Demand[]] | { readonly none: string };
  readonly resolved: R;
}

/** Truth rules applied before and after, by task class, or why there is nothing to judge. */
export interface TruthRule<I, R> {
  /**
   * The kind of task an input is, within the task class: rules of `chat.summarise` judge besides those of `chat` where
   * this answers `summarise`. Null for none.
   */
  task?(input: I): string | null;
  readonly before:
    | { readonly taskClass: string; context(input: I, resolved: R): JsonObject }
    | { readonly none: string };
  /** The context comes with the answer or the attempt (`truthContext`). */
  readonly after: { readonly taskClass: string } | { readonly none: string };
}

/** What `run` and `prepare` get besides scope and input. */
export interface Invocation<R> {
  readonly resolved: R;
  /** The uploaded content, for operations that take one; its SHA-256 is part of the idempotency fingerprint. */
  readonly body: AsyncIterable<Uint8Array> | null;
  /**
   * Runs another operation as the same caller: it passes every step itself and has its own audit row, under this
   * request's id. `content` is what an upload would send. Throws what that operation refuses.
   */
  nested(operation: string, input: unknown, content?: AsyncIterable<Uint8Array>): Promise<NestedAnswer>;
}

/** What a nested operation answered. */
export type NestedAnswer =
  | { readonly kind: 'value'; readonly status: number; readonly value: unknown }
  | { readonly kind: 'stream'; readonly contentType: string; readonly chunks: AsyncIterable<Uint8Array> };

export interface ReadInvocation<R> extends Invocation<R> {
  /** How much of the answer the truth rules after it must see before any of it may leave. */
  readonly extentAfter: 'none' | 'piece' | 'whole';
  /** The fields that rules over pieces of the answer read, as dot paths: what they do not read need not be held back. */
  readonly fieldsOfPieces: readonly string[];
}

export interface MutationInvocation<R> extends Invocation<R> {
  /**
   * The content's SHA-256 in lower-case hex, from the one time that the door hashes it while it is read; reads what is
   * left of it first. Of no bytes where there is no content.
   */
  contentSha256(): Promise<string>;
}

export interface ReadOperation<I, O, R> extends OperationBase<I, R> {
  readonly kind: 'read';
  /**
   * The operation calls models: `scope.spend` works, and its audit row is opened in the transaction that holds the cost
   * of the first call, so that no model is called before the row is durable.
   */
  readonly spends?: true;
  /**
   * The run has no effect but its answer, so that it may begin while its audit row is being made durable; what it runs
   * `nested` waits, and so does every byte of the answer. Where the row cannot be kept, the run is stopped and what it
   * read is dropped.
   */
  readonly onlyReads?: true;
  run(scope: ReadScope, input: I, invocation: ReadInvocation<R>): Promise<ReadAnswer<O>>;
}

export type ReadAnswer<O> =
  | {
      readonly kind: 'value';
      readonly value: O;
      /** Rows of data in the answer, for the audit row; absent where the answer holds none. */
      readonly rowCount?: number;
      /** Lower-case names, for example `etag`; shown by doors that have headers. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly status?: number;
      readonly truthContext?: JsonObject;
    }
  | {
      readonly kind: 'stream';
      readonly contentType: string;
      /** Lower-case names, for example `content-range`. */
      readonly headers?: Readonly<Record<string, string>>;
      /** 200 where absent; 206 for a range. */
      readonly status?: number;
      /** Ends early by throwing; the door resets the answer then. `return()` is called when the caller is gone. */
      readonly chunks: AsyncIterable<Uint8Array>;
      /** Called once, when the answer has ended in whatever way; null where its rows were not counted by then. */
      rowCount(): number | null;
      readonly truthContext?: JsonObject;
    }
  | {
      /** An answer that comes into being while it is sent: truth judges it before it leaves, by piece or whole. */
      readonly kind: 'judged-stream';
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly chunks: AsyncIterable<JudgedChunk>;
      /** The refusal in the stream's own words, written before the answer is reset; it must not look like an end. */
      broken(error: LakeError): Uint8Array;
    };

/** Bytes of an answer, and what truth is to judge before they leave; chunks without wait for the next that has. */
export interface JudgedChunk {
  readonly bytes: Uint8Array;
  /** `final` exactly on the last chunk, whose context is of the whole answer. */
  readonly judge: { readonly context: JsonObject; readonly final: boolean } | null;
}

export interface MutationOperation<I, O, R> extends OperationBase<I, R> {
  readonly kind: 'mutation';
  /** Does the work that no one can see yet (writes data files, validates); commits nothing. */
  prepare(scope: WriteScope, input: I, invocation: MutationInvocation<R>): Promise<PreparedMutation<O>>;
}

export interface PreparedMutation<O> {
  /**
   * Reads the current state and returns the change to commit. Called again (`number` counts from 0) when a guard of an
   * earlier attempt refused, so that a loser of a race re-reads and retries; throws `LakeError` to give up.
   */
  attempt(number: number): Promise<MutationAttempt<O>>;
  /** Removes what `prepare` made. Called when the outcome is *no*; never when it is unknown. */
  discard?(): Promise<void>;
  /**
   * An effect outside the store (a file renamed into a bucket). The door journals the intent first, then performs it,
   * then commits the attempt with the outcome; a crash between is settled at start-up from the intent's data.
   */
  readonly external?: { readonly intent: EventDraft; perform(): Promise<void> };
}

export interface MutationAttempt<O> {
  /** The change, as guarded statements; empty with `event: null` where nothing had to change. */
  readonly statements: readonly Statement[];
  /** The journal event of this change; null exactly when nothing changed. */
  readonly event: EventDraft | null;
  /** The part of the change that names its own journal event, by that event's id. */
  readonly naming?: (eventId: string) => readonly Statement[];
  /** Gets the id of the journal event, null where there is none. */
  output(eventId: string | null): O;
  /** What a replay under the same Idempotency-Key is told instead of `output`, where that shows a secret once. */
  readonly replayOutput?: (eventId: string | null) => O;
  /** 200 where absent; 201 for a thing that was made. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly rowCount?: number;
  readonly truthContext?: JsonObject;
  /** What the caller is told besides a rule's message where one stops this attempt: facts that mend the input, no values. */
  readonly whenStopped?: { readonly detail: string; readonly data: JsonObject };
  /** Removes what this attempt made. Called when its guard refused or truth blocked it; never when the outcome is unknown. */
  readonly discard?: () => Promise<void>;
  /** Runs after the commit: caches dropped, temporary files removed. Its failure is logged and changes nothing. */
  readonly afterCommit?: () => Promise<void>;
}

/** What a journal event says; the door adds id, time, identity and request. */
export interface EventDraft {
  /** `dataset.ingested`, `object.put`, `key.revoked` …; a verb in the past. */
  readonly action: string;
  /** What it happened to: `dataset:<id>`, `key:<id>`, `object:<bucket>/<key>`. */
  readonly subject: string;
  /** Facts of the change. Never a secret, row value or prompt. */
  readonly data: JsonObject;
}
