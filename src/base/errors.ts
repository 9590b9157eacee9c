/** What went wrong, as a closed list; the gateway maps each to one HTTP status. */
export const ERROR_KINDS = [
  'invalid',
  'unauthenticated',
  'payment_required',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'conflict',
  'precondition_failed',
  'too_large',
  'unsupported',
  'range_not_satisfiable',
  'misdirected',
  'unprocessable',
  'rate_limited',
  'cancelled',
  'internal',
  'unavailable',
  'timeout',
  'storage_full',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** One stable error code; a shipped code is never renamed or reused. */
export interface ErrorCode {
  /** `<module>.<name>`, for example `catalog.dataset_not_found`. */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly title: string;
  /** What the caller can do about it: a member of the refusal, the last line of the command, a row of docs/errors.md. */
  readonly remedy: string;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
}

interface Declaration {
  readonly kind: ErrorKind;
  readonly title: string;
  readonly remedy: string;
  readonly retryable?: boolean;
}

/** Declares the codes of one module, in its `errors.ts`. */
export function declareErrors<const T extends Readonly<Record<string, Declaration>>>(
  module: string,
  declarations: T,
): { readonly [K in keyof T]: ErrorCode } {
  const entries = Object.entries(declarations).map(([name, d]) => [
    name,
    {
      code: `${module}.${name}`,
      kind: d.kind,
      title: d.title,
      remedy: d.remedy,
      retryable: d.retryable ?? false,
    },
  ]);
  return Object.fromEntries(entries);
}

export interface LakeErrorOptions {
  /** What was wrong and what to do about it. Never a secret, row value, prompt, policy text or path of the machine. */
  readonly detail: string;
  /** Machine-readable facts that may be shown to the caller, under the same rule. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A refused operation. Everything a caller can cause is one of these; anything else is our bug. */
export class LakeError extends Error {
  readonly errorCode: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(errorCode: ErrorCode, options: LakeErrorOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LakeError';
    this.errorCode = errorCode;
    this.data = options.data ?? {};
  }

  get code(): string {
    return this.errorCode.code;
  }

  get kind(): ErrorKind {
    return this.errorCode.kind;
  }

  get detail(): string {
    return this.message;
  }
}

export function isLakeError(value: unknown): value is LakeError {
  return value instanceof LakeError;
}
