import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ALLOWED_FUNCTIONS, REFUSED_FUNCTIONS } from '../src/lake/queryd/function-allow-list.generated.ts';

describe('function allow-list', () => {
  it('is what its generator makes of this engine', async () => {
    const script = fileURLToPath(new URL('../scripts/generate-function-allow-list.ts', import.meta.url));
    await promisify(execFile)(process.execPath, [script, '--check']);
  });

  it('allows nothing that reaches files, settings, sessions, statements or statistics', () => {
    const reaching =
      /^(read_|parquet_|glob|query|getenv|getvariable|current_setting|current_query|stats|pragma|duckdb_|json_(de)?serialize|json_execute|pg_|has_|inet_|sleep|write_|nextval|setseed|error$|version$)/;
    expect([...ALLOWED_FUNCTIONS].filter((name) => reaching.test(name))).toEqual([]);
  });

  it('says of no function both', () => {
    expect([...ALLOWED_FUNCTIONS].filter((name) => REFUSED_FUNCTIONS.has(name))).toEqual([]);
  });
});
