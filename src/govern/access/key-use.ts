import type { Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { AccessKeyRow } from '../../metastore/tables/access.ts';
import { type ApiKey, hashApiKey, sameHash } from './api-key.ts';
import type { VersionedSecret } from './key-files.ts';

const WRITE_EVERY_MS = 60_000;

/** A key that was just proved. */
interface Use {
  readonly row: AccessKeyRow;
  readonly key: ApiKey;
  readonly pepper: VersionedSecret;
  readonly nowMs: number;
}

/**
 * When each key was last used, written at most once a minute and with other work: the door or main takes `pending`
 * along. A key proved under an older pepper is stored under the current one at the same time.
 */
export class KeyUse {
  readonly #reader: MetastoreReader;
  readonly #writtenMs = new Map<string, number>();
  readonly #pending = new Map<string, readonly Statement[]>();

  constructor(reader: MetastoreReader) {
    this.#reader = reader;
  }

  used(use: Use): void {
    const { row, nowMs } = use;
    const writtenMs = this.#writtenMs.get(row.key_id) ?? row.last_used_ms;
    if (writtenMs !== null && nowMs - writtenMs < WRITE_EVERY_MS && nowMs >= writtenMs) return;
    this.#writtenMs.set(row.key_id, nowMs);
    this.#pending.set(row.key_id, [...this.#touch(use), ...this.#rehash(use)]);
  }

  /** The statements to commit; each is handed out once. Losing them loses only a time of use. */
  takePending(): readonly Statement[] {
    const statements = [...this.#pending.values()].flat();
    this.#pending.clear();
    return statements;
  }

  #touch({ row, nowMs }: Use): readonly Statement[] {
    const update = this.#reader.queries
      .updateTable('access_keys')
      .set({ last_used_ms: nowMs })
      .where('key_id', '=', row.key_id);
    return [statement(update)];
  }

  #rehash({ row, key, pepper }: Use): readonly Statement[] {
    const { version, bytes } = pepper.current;
    const old = pepper.version(row.pepper_version);
    // The secret of before a rotation must not take the place of the new one.
    if (
      row.pepper_version === version ||
      old === null ||
      !sameHash(hashApiKey(key.text, old), row.secret_hash)
    )
      return [];
    const update = this.#reader.queries
      .updateTable('access_keys')
      .set({ secret_hash: hashApiKey(key.text, bytes), pepper_version: version })
      .where('key_id', '=', row.key_id)
      .where('secret_hash', '=', row.secret_hash);
    return [statement(update)];
  }
}
