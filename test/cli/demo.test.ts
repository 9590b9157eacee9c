import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../bin/lakehouse.js', import.meta.url));
const demo = (...args: string[]) =>
  run(process.execPath, [PROGRAM, 'demo', '--rows', '3000', ...args], {
    env: {
      ...process.env,
      NO_COLOR: '1',
      LAKEHOUSE_API_KEY: 'not-mine',
      LAKEHOUSE_URL: 'http://127.0.0.1:1',
    },
  });

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The process and folder the first step names. */
function started(stdout: string): { pid: number; folder: string } {
  const [, pid, home] = /process (\d+) +home (\S+)/.exec(stdout) ?? [];
  return { pid: Number(pid), folder: dirname(String(home)) };
}

describe('lakehouse demo', () => {
  it('shows masks, filters, refusals, rules and a verified journal, and leaves nothing behind', async () => {
    const { stdout } = await demo();
    expect(stdout).toMatch(/flights +│ 3,000,000/);
    expect(stdout).toMatch(/candidates +│ +3,000/);
    expect(stdout).toMatch(/candidates\.email +│ string +│ pii\.email/);
    expect(stdout).toMatch(/61 other columns of these 7 datasets: nothing personal found/);
    expect(stdout).toMatch(
      /email +│ ls1@example\.org +│ \*\*\*@example\.org +│ ls1@example\.org +│ \*\*\*@example\.org/,
    );
    expect(stdout).toMatch(/movies +│ answered +│ answered +│ refused \(404\) +│ refused \(404\)/);
    expect(stdout).toMatch(/regions +│ 4 +│ 4 +│ 1 +│ 4/);
    expect(stdout).toMatch(/placement +│ analyst +│ recruiter EMEA/);
    expect(stdout).toMatch(/^ +1 +│ [0-9a-f]{32} +│ Leila Sharma +$/m);
    expect(stdout).toMatch(/rows +│ +\d+ +│ +\d+/);
    expect(stdout).toMatch(/empty\.csv +blocked .*truth_blocked/);
    expect(stdout).toMatch(/orders\.csv +flagged +flag by ingest-untagged-personal-data/);
    expect(stdout).toContain('a stand-in answers: no model runs');
    expect(stdout).toMatch(/email +│ fa31@example\.net +│ \*\*\*@example\.net/);
    expect(stdout).toMatch(/analyst: [0-9a-f]{32}, 34 years of Welding .* Write to \*\*\*@example\.net/);
    expect(stdout).toMatch(/blocked +The answer holds personal data .*truth_blocked/);
    expect(stdout).toMatch(/the agent was answered \d+ times, then refused \(402\)/);
    expect(stdout).toMatch(
      /"each-agent" has \$0\.00\d+ left.*\n +It refills at \d{4}-.*\n +budget\.exhausted/,
    );
    expect(stdout).toMatch(/rosa +│ +1 │/);
    expect(stdout).toMatch(/model\.called +model:stand-in\/no-model +by matcher +ok/);
    expect(stdout).toContain('api_key_env = "OPENAI_API_KEY"');
    expect(stdout).toContain('✓ the chain holds');
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
    expect(stdout).not.toContain('\u001b');
    const { pid, folder } = started(stdout);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves the server up with --keep, with a key for each caller and how to stop it', async () => {
    const { stdout } = await demo('--keep');
    const { pid, folder } = started(stdout);
    try {
      const url = /url +(\S+)/.exec(stdout)?.[1] ?? '';
      const key = (await readFile(join(folder, 'keys', 'analyst'), 'utf8')).trim();
      const me = await fetch(`${url}/access/me`, { headers: { 'x-api-key': key } });
      expect(await me.json()).toMatchObject({ identity: { name: 'ann', role: 'analyst' } });
      expect(stdout).toContain(`kill ${pid} && rm -r ${folder}`);
      expect(stdout).toContain(`curl -s ${url}/query/sql`);
    } finally {
      process.kill(pid, 'SIGTERM');
      while (isRunning(pid)) await wait(50);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
