import { type ApiClient, createApiClient, pathOf } from '../api-client.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';

/** Clients with the keys that probes present. */
export interface ProbeKeys {
  readonly none: ApiClient;
  readonly wrong: ApiClient;
  readonly revoked: ApiClient;
  readonly expired: ApiClient;
  /** A live key of a role without any permission. */
  readonly powerless: ApiClient;
  /** Revokes what is still live. */
  close(): Promise<void>;
}

interface MadeKey {
  readonly key?: string;
  readonly key_id: string;
}

/** A role that is always there and granted nothing; its dataset grants are looked up all the same. */
export const PROBE_ROLE = 'probe';

const EXPIRES_IN_MS = 1_500;

/** Makes the keys of the probes with the administrator's key; each is revoked, or expires, before the doctor ends. */
export async function makeProbeKeys(
  api: ApiClient,
  parts: { fetch: typeof fetch; wait: (milliseconds: number) => Promise<void> },
): Promise<ProbeKeys> {
  const client = (apiKey: string | null) =>
    createApiClient({ url: api.url, apiKey, delegationToken: null, fetch: parts.fetch });
  const make = async (name: string, expiresAt?: string) => {
    const json = { name, role: PROBE_ROLE, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) };
    const { value } = await api.json<MadeKey>({ method: 'POST', path: '/access/keys', json });
    return { keyId: value.key_id, text: value.key ?? '' };
  };
  const revoke = (keyId: string) => api.json({ method: 'DELETE', path: pathOf`/access/keys/${keyId}` });

  const powerless = await make('doctor probe live');
  try {
    const revoked = await make('doctor probe revoked');
    await revoke(revoked.keyId);
    const expired = await make('doctor probe expired', new Date(Date.now() + EXPIRES_IN_MS).toISOString());
    await parts.wait(EXPIRES_IN_MS + 250);
    return {
      none: client(null),
      wrong: client(otherSecret(powerless.text)),
      revoked: client(revoked.text),
      expired: client(expired.text),
      powerless: client(powerless.text),
      close: async () => void (await revoke(powerless.keyId)),
    };
  } catch (error) {
    await revoke(powerless.keyId).catch(() => undefined);
    throw error;
  }
}

/** The same key id with another secret: the hardest wrong key to tell. */
function otherSecret(key: string): string {
  const at = key.lastIndexOf('_') + 1;
  if (at === 0) {
    throw new CliFailure(EXIT_CODES.failed, {
      code: 'cli.unexpected_answer',
      detail: 'The server made no key.',
    });
  }
  const swapped = key[at] === 'A' ? 'B' : 'A';
  return key.slice(0, at) + swapped + key.slice(at + 1);
}
