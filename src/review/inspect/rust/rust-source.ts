// The adapter of ast-grep: Rust files as tree-sitter sees them.
import rust from '@ast-grep/lang-rust';
import { parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi';
import { type SourceRole, sourceRoleOf } from '../source-role.ts';

export type RustNode = SgNode;

/** One Rust file, parsed. */
export interface RustSource {
  readonly path: string;
  readonly role: SourceRole;
  readonly text: string;
  nodesOf(kind: string): readonly RustNode[];
  /** From 1. */
  lineOf(node: RustNode): number;
  /** Whether the node stands below `#[cfg(test)]` or `#[test]`. */
  isTestCode(node: RustNode): boolean;
  symbolAround(node: RustNode): string;
}

/** tree-sitter parses every text, with error nodes where it is no Rust. */
export function parseRust(path: string, text: string): RustSource {
  // Registering again is harmless, and only a tree with Rust files loads the grammar.
  registerDynamicLanguage({ rust });
  const root = parse('rust', text).root();
  return {
    path,
    role: sourceRoleOf(path),
    text,
    nodesOf: (kind) => root.findAll({ rule: { kind } }),
    lineOf: (node) => node.range().start.line + 1,
    isTestCode: (node) => [node, ...node.ancestors()].some(isMarkedAsTest),
    symbolAround: (node) =>
      [node, ...node.ancestors()]
        .flatMap((one) => {
          const name = one.field('name') ?? (one.kind() === 'impl_item' ? one.field('type') : null);
          return name === null ? [] : [name.text()];
        })
        .reverse()
        .join('.'),
  };
}

/** Attributes are siblings that stand before what they mark. */
function isMarkedAsTest(node: RustNode): boolean {
  for (let before = node.prev(); before !== null; before = before.prev()) {
    const kind = before.kind();
    if (kind === 'attribute_item' && /\btest\b/.test(before.text())) return true;
    if (kind !== 'attribute_item' && kind !== 'line_comment') return false;
  }
  return false;
}
