import { ProviderFailure } from '../provider.ts';

/** The end of one call: the caller's wish or the total time, whichever comes first. */
export interface Deadline {
  /** To be called once the call is over. */
  release(): void;
}

/** Calls `cut` at the end, with what the call fails with; at once where the caller has gone already. */
export function startDeadline(
  caller: AbortSignal,
  totalMs: number,
  cut: (failure: ProviderFailure) => void,
): Deadline {
  const cancel = () =>
    cut(new ProviderFailure({ class: 'cancelled' }, 'The call was cancelled by its caller.'));
  // A delay beyond what timers count would end at once.
  const delayMs = Math.min(totalMs, 2 ** 31 - 1);
  const timer = setTimeout(() => {
    const message = `The provider took longer than the ${totalMs} ms that a call may take in all.`;
    cut(new ProviderFailure({ class: 'timeout' }, message));
  }, delayMs);
  timer.unref();
  caller.addEventListener('abort', cancel, { once: true });
  if (caller.aborted) cancel();
  return {
    release: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', cancel);
    },
  };
}
