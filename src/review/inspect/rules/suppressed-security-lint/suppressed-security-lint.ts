import { placeOfRust, type Rule } from '../../rule.ts';
import { isComment, type RustNode } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';

/** Warnings about security that a comment turns off without saying why that is safe. */
export const suppressedSecurityLint: Rule = {
  id: 'suppressed-security-lint',
  severity: 'warning',
  title: 'warnings about security turned off without a reason',
  remedy: 'Mend what the linter saw, or write after the rule why it is safe here.',
  start: () => ({
    source(file, report) {
      if (file.role !== 'production') return;
      for (const { value, start } of file.comments) {
        const rule = silencedRule(value);
        if (rule === null) continue;
        const claim = `A comment turns off \`${rule}\` and gives no reason.`;
        report({ place: { path: file.path, line: file.lineAt(start), symbol: '' }, claim });
      }
    },
    rust(file, report) {
      if (file.role !== 'production') return;
      for (const node of [...file.nodesOf('attribute_item'), ...file.nodesOf('inner_attribute_item')]) {
        const rule = RUST_RULES.exec(node.text())?.[1];
        const isOfTests = /^#!?\[cfg_attr\([^,]*\btest\b/.test(node.text());
        if (rule === undefined || isOfTests || hasRustReason(file, node) || file.isTestCode(node)) continue;
        report({
          place: placeOfRust(file, node),
          claim: `An attribute turns off \`${rule}\` and gives no reason.`,
        });
      }
    },
  }),
};

/** Lints about memory, about ends of the thread, and about results that nobody looks at. */
const RUST_RULES =
  /\b(?:allow|expect)\((?:[^)]*[^\w:])?(unsafe_code|unsafe_op_in_unsafe_fn|static_mut_refs|unused_must_use|clippy::(?:unwrap_used|expect_used|panic|indexing_slicing|arithmetic_side_effects|undocumented_unsafe_blocks|not_unsafe_ptr_arg_deref|let_underscore_must_use))\b/;

/** `reason = "…"`, or a comment behind the attribute or above it. */
function hasRustReason(file: RustSource, node: RustNode): boolean {
  if (/\breason\s*=/.test(node.text())) return true;
  const line = file.lineOf(node);
  const isReason = (one: RustNode | null) =>
    one !== null &&
    isComment(one) &&
    !/^\/\/[/!]|^\/\*[*!]/.test(one.text()) &&
    Math.abs(file.lineOf(one) - line) <= 1;
  const behind = node.next();
  return isReason(node.prev()) || (isReason(behind) && behind !== null && file.lineOf(behind) === line);
}

/** The security rule that a comment silences without a reason; null where there is none. */
function silencedRule(comment: string): string | null {
  // Whoever silences a rule does so in few words; a long comment is not worth the search.
  const text = comment.slice(0, 500).trim();
  const eslint = /^(?:eslint|oxlint)-disable(?:-next-line|-line)?\s+([^\n]*?)(?:\s+--\s+(\S.*))?$/.exec(text);
  if (eslint !== null && eslint[2] === undefined) {
    return (eslint[1] ?? '').split(/[\s,]+/).find((rule) => SECURITY_RULES.test(rule)) ?? null;
  }
  const biome = /^biome-ignore(?:-all|-start)?\s+(lint\/security\/\w+|lint\/security)\s*(?::\s*(.*))?$/.exec(
    text,
  );
  if (biome?.[1] !== undefined && isPlaceholder(biome[2])) return biome[1];
  const scanner = /^(nosemgrep|NOSONAR|nosec|lgtm\b[^\s]*|codeql\[[^\]]+\])(?::?\s*(.*))?$/.exec(text);
  if (scanner?.[1] !== undefined && isPlaceholder(scanner[2]?.replace(/^[\w.-]*\.[\w.-]*\s*/, '')))
    return scanner[1];
  return null;
}

function isPlaceholder(reason: string | undefined): boolean {
  return reason === undefined || reason.trim() === '' || /^<.*>$/.test(reason.trim());
}

const SECURITY_RULES =
  /^(?:security(?:-node)?\/|no-eval$|no-implied-eval$|no-new-func$|no-script-url$|@typescript-eslint\/no-implied-eval$|react\/no-danger|no-unsanitized\/|xss\/|sonarjs\/(?:no-hardcoded|sql|os-command|code-eval|hashing|pseudo-random))/;
