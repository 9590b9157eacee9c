import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { CONTRACT_FILE, liveContract } from '../scripts/generate-openapi.ts';

describe('the committed contract', async () => {
  const committed = await readFile(CONTRACT_FILE, 'utf8');

  it('is what a server of these sources answers at /openapi.json', async () => {
    // Where it is not: node bin/pinned-node.js scripts/generate-openapi.ts
    expect(await liveContract()).toBe(committed);
  });

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(committed));
    expect(result).toMatchObject({ valid: true });
  });

  it('gives every address its own operation id and says what guards it', () => {
    const { paths } = JSON.parse(committed) as { paths: Record<string, Record<string, Described>> };
    const operations = Object.values(paths).flatMap((item) => Object.values(item));
    const ids = operations.map((operation) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const operation of operations) {
      const { access } = operation['x-lakehouse-operation'];
      expect(operation.security === undefined, operation.operationId).toBe(access !== 'public');
    }
  });
});

interface Described {
  readonly operationId: string;
  readonly security?: unknown;
  readonly 'x-lakehouse-operation': { readonly access: string };
}
