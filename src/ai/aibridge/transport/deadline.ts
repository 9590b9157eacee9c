import { ProviderFailure } from '../provider.ts';

/** The end of one call: the caller's wish or the total time, whichever comes first. */
export interface Deadline {
  /** Its reason is the `ProviderFailure` that the call fails with. */
  readonly signal: AbortSignal;
  /** To be called once the call is over. */
  release(): void;
}

export function startDeadline(caller: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController();
  const cancel = () =>
    controller.abort(new ProviderFailure({ class: 'cancelled' }, 'The call was cancelled by its caller.'));
  // A delay beyond what timers count would end at once.
  const delayMs = Math.min(totalMs, 2 ** 31 - 1);
  const timer = setTimeout(() => {
    const message = `The provider took longer than the ${totalMs} ms that a call may take in all.`;
    controller.abort(new ProviderFailure({ class: 'timeout' }, message));
  }, delayMs);
  timer.unref();
  caller.addEventListener('abort', cancel, { once: true });
  if (caller.aborted) cancel();
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', cancel);
    },
  };
}
