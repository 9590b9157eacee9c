import { type FailureClass, ProviderFailure } from '../provider.ts';

/** What the HTTP client says by the code of an error. Whatever has no row here is a connection that failed. */
const CLASS_OF_CODE: Readonly<Record<string, { readonly class: FailureClass; readonly message: string }>> = {
  UND_ERR_CONNECT_TIMEOUT: { class: 'timeout', message: 'The provider took no connection in time.' },
  ETIMEDOUT: { class: 'timeout', message: 'The provider took no connection in time.' },
  UND_ERR_HEADERS_TIMEOUT: { class: 'timeout', message: 'The provider did not begin to answer in time.' },
  UND_ERR_BODY_TIMEOUT: {
    class: 'timeout',
    message: 'The provider fell silent in the middle of its answer.',
  },
  UND_ERR_HEADERS_OVERFLOW: {
    class: 'server_error',
    message: 'The head of the provider’s answer is too large.',
  },
};

/** An error of the HTTP client as a failure of the provider, in words of ours. */
export function transportFailure(error: unknown, phase: 'head' | 'body'): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  const code = codeOf(error);
  const known = CLASS_OF_CODE[code];
  if (known !== undefined)
    return new ProviderFailure({ class: known.class }, known.message, { cause: error });
  // Without its cause, which holds what the provider sent.
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return new ProviderFailure({ class: 'server_error' }, 'The provider’s answer is no HTTP.');
  }
  const message =
    phase === 'head'
      ? 'The provider cannot be reached: there is no connection, or it was closed before an answer.'
      : 'The connection to the provider broke in the middle of its answer.';
  return new ProviderFailure({ class: 'unreachable' }, message, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
