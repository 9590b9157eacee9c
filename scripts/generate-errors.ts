// Writes docs/errors.md: every error code of every errors.ts, with its HTTP status and what to do.
// Run: node bin/pinned-node.js scripts/generate-errors.ts
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../src/base/index.ts';
import { STATUS_OF_KIND } from '../src/gateway/problem.ts';

const SOURCES = new URL('../src/', import.meta.url);

const HEAD = `# Errors

<!-- Made from every errors.ts by scripts/generate-errors.ts; test/docs.test.ts compares the two. -->

Every refusal is \`application/problem+json\` (RFC 9457) with a stable \`code\`, a \`detail\` that says what was wrong, a
\`remedy\` that says what to do, and the request id as \`instance\`. \`type\` is \`/problems/<code>\`. A code is never renamed or reused. Where
*again* says yes, the same request may succeed later without a change.
`;

/** The text of docs/errors.md. */
export async function errorsDocument(): Promise<string> {
  const codes = await declaredErrors();
  const modules = [...new Set(codes.map(({ code }) => moduleOf(code)))].sort();
  const sections = modules.map((module) => {
    const rows = codes.filter(({ code }) => moduleOf(code) === module).map(row);
    return `\n## ${module}\n\n| code | status | again | what it is | what to do |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return HEAD + sections.join('');
}

/** Every code that any errors.ts declares, sorted. */
export async function declaredErrors(): Promise<readonly ErrorCode[]> {
  const files = readdirSync(fileURLToPath(SOURCES), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('/errors.ts') && name !== 'base/errors.ts');
  const modules: Record<string, unknown>[] = await Promise.all(
    files.map((file) => import(new URL(file, SOURCES).href)),
  );
  return modules
    .flatMap((exported) => Object.values(exported))
    .flatMap((declared) => (typeof declared === 'object' && declared !== null ? Object.values(declared) : []))
    .filter(isErrorCode)
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

function isErrorCode(value: unknown): value is ErrorCode {
  return (
    typeof value === 'object' && value !== null && 'code' in value && 'kind' in value && 'remedy' in value
  );
}

function moduleOf(code: string): string {
  return code.split('.')[0] ?? code;
}

function row({ code, kind, title, remedy, retryable }: ErrorCode): string {
  const cells = [`\`${code}\``, STATUS_OF_KIND[kind], retryable ? 'yes' : 'no', title, remedy];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/errors.md', import.meta.url), await errorsDocument());
}
