import { type SourceRole, sourceRoleOf } from '../source-role.ts';
import { productionMentions } from './rust-mentions.ts';
import {
  isInside,
  type NodesOfKind,
  type RustNode,
  type RustSpan,
  rustNodes,
  spanOf,
  spansOfTests,
} from './rust-node.ts';

/** One Rust file, parsed. */
export interface RustSource {
  readonly path: string;
  readonly role: SourceRole;
  readonly text: string;
  readonly nodesOf: NodesOfKind;
  /** From 1. */
  lineOf(node: RustNode): number;
  /** Whether the node stands below `#[cfg(test)]`, `#[test]` or `#[bench]`. */
  isTestCode(node: RustNode): boolean;
  symbolAround(node: RustNode): string;
  /** How often production code names a function or a type, its own definition apart. */
  mentions(): ReadonlyMap<string, number>;
}

export function parseRust(path: string, text: string): RustSource {
  const nodesOf = rustNodes(text);
  let testSpans: readonly RustSpan[] | null = null;
  let mentions: ReadonlyMap<string, number> | null = null;
  const isTestCode = (node: RustNode) => {
    testSpans ??= spansOfTests(nodesOf);
    const span = spanOf(node);
    return testSpans.some((one) => isInside(span, one));
  };
  return {
    path,
    role: sourceRoleOf(path),
    text,
    nodesOf,
    lineOf: (node) => node.range().start.line + 1,
    isTestCode,
    symbolAround: (node) =>
      [node, ...node.ancestors()]
        .flatMap((one) => {
          const name = one.field('name') ?? (one.kind() === 'impl_item' ? one.field('type') : null);
          // A type with its parameters may stand on several lines.
          return name === null ? [] : [name.text().replaceAll(/\s+/g, ' ')];
        })
        .reverse()
        .join('.'),
    mentions: () => {
      mentions ??= productionMentions(nodesOf, isTestCode);
      return mentions;
    },
  };
}
