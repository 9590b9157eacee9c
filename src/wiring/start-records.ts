import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LakeError } from '../base/index.ts';
import { configErrors } from '../config/index.ts';
import { commitAsSystem } from '../door/index.ts';
import { type HoldsSettled, settleAbandoned, settleDoubted } from '../govern/budget/index.ts';
import type { OpenHome } from './open-home.ts';
import type { Rooms } from './open-rooms.ts';

/** Applies the home's access.toml where no policy was ever applied, journaled like any other. */
export async function applyFirstPolicy(home: OpenHome, access: Rooms['access']): Promise<void> {
  const { policy_file: file } = home.config.access;
  const first = await access.firstPolicy(readPolicyFile(home.layout.home, file), file);
  if (first === null) return;
  await commitAsSystem(
    { journal: home.journald.journal, store: home.store },
    {
      operation: 'system.first-policy',
      requestId: home.ids.next(),
      policyVersion: access.control.policyVersion(),
      statements: first.statements,
      event: first.event,
      intentId: null,
    },
  );
  await access.refresh();
}

/** The text of the policy file, named relative to the home. Throws `config.unreadable`. */
export function readPolicyFile(home: string, file: string): string {
  try {
    return readFileSync(resolve(home, file), 'utf8');
  } catch (error) {
    throw new LakeError(configErrors.unreadable, {
      detail:
        'The policy file named by access.policy_file cannot be read; restore it or correct the setting.',
      cause: error,
    });
  }
}

/** Journals the truth rules and the tools of this start where their files were changed while no server ran. */
export async function recordLoaded(
  home: OpenHome,
  { truth, tools }: Rooms,
  policyVersion: number,
): Promise<void> {
  const { journald, store, ids } = home;
  for (const { operation, events, loadedEvent } of [
    {
      operation: 'system.load-rules',
      events: ['truth.loaded', 'truth.reloaded'],
      loadedEvent: truth.loadedEvent,
    },
    {
      operation: 'system.load-tools',
      events: ['tools.loaded', 'tools.reloaded'],
      loadedEvent: tools.loadedEvent,
    },
  ]) {
    const event = loadedEvent(await journald.latest(events));
    if (event === null) continue;
    const change = { operation, requestId: ids.next(), policyVersion, statements: [], event };
    await commitAsSystem({ journal: journald.journal, store }, { ...change, intentId: null });
  }
}

/** Charges the calls of models that were under way when the last process ended; answers how many. */
export async function chargeAbandoned(home: OpenHome, policyVersion: number): Promise<number> {
  return charge(home, await settleAbandoned(home.store), policyVersion);
}

/** The same for calls of this process that the store did not answer for; what is not held is charged nothing. */
export async function chargeDoubted(
  home: OpenHome,
  spendIds: readonly string[],
  policyVersion: number,
): Promise<number> {
  return charge(home, await settleDoubted(home.store, spendIds), policyVersion);
}

async function charge(home: OpenHome, settled: HoldsSettled | null, policyVersion: number): Promise<number> {
  const { journald, store, ids } = home;
  if (settled === null) return 0;
  const { calls, ...change } = settled;
  await commitAsSystem(
    { journal: journald.journal, store },
    { ...change, operation: 'system.charge-abandoned', requestId: ids.next(), policyVersion, intentId: null },
  );
  return calls;
}
