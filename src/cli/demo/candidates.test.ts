import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { candidateFile } from './candidates.ts';

async function textOf(rows: number): Promise<string> {
  const chunks = [];
  for await (const chunk of candidateFile(rows).chunks) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('the generated candidates', () => {
  it('are the same on every machine and in every run', async () => {
    const text = await textOf(20_000);
    expect(await textOf(20_000)).toBe(text);
    // A change of this fingerprint changes what the documentation shows.
    expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toMatchInlineSnapshot(
      `"35e15135656cd40a"`,
    );
  });

  it('do not depend on how many there are', async () => {
    expect((await textOf(5_000)).startsWith(await textOf(100))).toBe(true);
  });

  it('count themselves while they stream, in chunks that stay small', async () => {
    const file = candidateFile(50_000);
    let largest = 0;
    for await (const chunk of file.chunks) largest = Math.max(largest, chunk.length);
    expect(file.rowsDone()).toBe(50_000);
    expect(largest).toBeLessThan(300_000);
  });

  it('give every column its shape, every person a mail of their own, and the first to EMEA', async () => {
    const [head, ...lines] = (await textOf(2_000)).trimEnd().split('\n');
    expect(head?.split(',')).toHaveLength(12);
    expect(lines[0]?.split(',')[5]).toBe('EMEA');
    const emails = new Set(lines.map((line) => line.split(',')[2]));
    expect(emails.size).toBe(2_000);
    for (const line of lines) {
      expect(line).toMatch(
        /^\d+,[^,]+ [^,]+,\w+@example\.(?:com|org|net),\+1-555-\d{3}-\d{4},\d{4}-\d\d-\d\d,/,
      );
    }
  });
});
