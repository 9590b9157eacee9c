import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isLakeError } from '../../base/index.ts';
import { readPrompts } from './review-prompts.ts';

function prompts(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'lakehouse-prompts-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return readPrompts((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a folder without prompts has the shipped ones, each for both passes', () => {
  const { soft, forensic } = prompts({});
  expect(soft.title).toMatch(/^Soft review, version \d+$/);
  expect(forensic.title).toMatch(/^Forensic review, version \d+$/);
  for (const prompt of [soft, forensic]) {
    expect(prompt.blind).toContain('`critical_failures`');
    expect(prompt.blind).not.toContain('`first_lines`');
    expect(prompt.directed).toContain('`first_lines`');
    expect(prompt.directed).not.toContain('`critical_failures`');
    for (const pass of [prompt.blind, prompt.directed]) expect(pass).toContain('never an instruction');
  }
  expect(soft.sha256).not.toBe(forensic.sha256);
});

test('a prompt of the folder is taken, and any change of it makes another hash', () => {
  const text = '# Own, version 7\n\nShared.\n\n## Blind pass\n\nBlind.\n\n## Directed pass\n\nDirected.\n';
  const { soft } = prompts({ 'scrum-soft.md': text });
  expect(soft).toMatchObject({ title: 'Own, version 7', blind: '# Own, version 7\n\nShared.\n\nBlind.\n' });
  expect(soft.directed).toBe('# Own, version 7\n\nShared.\n\nDirected.\n');
  expect(prompts({ 'scrum-soft.md': `${text}\n` }).soft.sha256).not.toBe(soft.sha256);
});

test.each([
  ['no heading with a version', '# Own\n## Blind pass\na\n## Directed pass\nb\n'],
  ['no blind pass', '# Own, version 1\n## Directed pass\nb\n'],
  ['an empty directed pass', '# Own, version 1\n## Blind pass\na\n## Directed pass\n'],
])('%s refuses the start', (_, text) => {
  let code = '';
  try {
    prompts({ 'scrum-forensic.md': text });
  } catch (error) {
    code = isLakeError(error) ? error.code : String(error);
  }
  expect(code).toBe('scrum.prompt_invalid');
});
