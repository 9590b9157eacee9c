// The adapter of ast-grep: Rust as tree-sitter sees it.
import rust from '@ast-grep/lang-rust';
import { parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi';

export type RustNode = SgNode;

/** Characters of a text, the end not included. */
export interface RustSpan {
  readonly start: number;
  readonly end: number;
}

/** The nodes of one file by their kind. */
export type NodesOfKind = (kind: string) => readonly RustNode[];

/** tree-sitter parses every text, with nodes of the kind `ERROR` where it is no Rust. */
export function rustNodes(text: string): NodesOfKind {
  // Registering again is harmless, and only a tree with Rust files loads the grammar.
  registerDynamicLanguage({ rust });
  const root = parse('rust', text).root();
  const known = new Map<string, readonly RustNode[]>();
  return (kind) => {
    const nodes = known.get(kind) ?? root.findAll({ rule: { kind } });
    known.set(kind, nodes);
    return nodes;
  };
}

export function spanOf(node: RustNode): RustSpan {
  const { start, end } = node.range();
  return { start: start.index, end: end.index };
}

export function isInside(inner: RustSpan, outer: RustSpan): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The attributes that stand before an item, as texts; they are its siblings. */
export function attributesOf(node: RustNode): readonly string[] {
  const attributes: string[] = [];
  for (let before = node.prev(); before !== null; before = before.prev()) {
    if (before.kind() === 'attribute_item') attributes.push(before.text());
    else if (!isComment(before)) break;
  }
  return attributes;
}

/** Whether a function is a trait's or one of its implementations: it is called through the trait. */
export function isOfTrait(node: RustNode): boolean {
  const holder = node.parent()?.parent() ?? null;
  return (
    holder?.kind() === 'trait_item' || (holder?.kind() === 'impl_item' && holder.field('trait') !== null)
  );
}

/** Whether a function is one of a chain around the handler: axum's and actix's `Next`. */
export function isRustMiddleware(node: RustNode): boolean {
  return /\bNext\b/.test(node.field('parameters')?.text() ?? '');
}

export function isPublic(node: RustNode): boolean {
  return node.children().some((one) => one.kind() === 'visibility_modifier' && one.text() === 'pub');
}

/** Whether a macro takes the item and may call it: `#[no_mangle]`, `#[get("/jobs")]`, `#[pymethods]`. */
export function isTakenByMacro(node: RustNode): boolean {
  return attributesOf(node).some((text) => !INERT_ATTRIBUTE.test(text));
}

/** Attributes that call nothing. */
const INERT_ATTRIBUTE =
  /^#\[(?:\w+::)*(?:allow|expect|warn|deny|forbid|doc|cfg|cfg_attr|inline|must_use|cold|track_caller|deprecated|instrument|async_trait|target_feature|skip|derive|non_exhaustive|repr|debug_handler|debug_middleware|pin_project|rustversion)\b/;

export function isComment(node: RustNode): boolean {
  return node.kind() === 'line_comment' || node.kind() === 'block_comment';
}

/** `#[test]`, `#[tokio::test(…)]`, `#[rstest]`, `#[test_case(…)]`: functions that the runner calls. */
export function isTestAttribute(text: string): boolean {
  return /^#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|bench)\b/.test(text);
}

/** The items that only tests are built with; the whole text where the file says so of itself. */
export function spansOfTests(nodesOf: NodesOfKind): readonly RustSpan[] {
  const inner = nodesOf('inner_attribute_item').flatMap((node) => {
    const holder = isForTests(node.text()) ? node.parent() : null;
    return holder === null ? [] : [spanOf(holder)];
  });
  const outer = nodesOf('attribute_item').flatMap((node) => {
    if (!isForTests(node.text())) return [];
    const around = (step: (one: RustNode) => RustNode | null) => {
      let at = step(node);
      while (at !== null && (at.kind() === 'attribute_item' || isComment(at))) at = step(at);
      return at;
    };
    const marked = around((one) => one.next());
    const before = around((one) => one.prev());
    // The other attributes of the item are test code too.
    return marked === null
      ? []
      : [{ start: before === null ? 0 : spanOf(before).end, end: spanOf(marked).end }];
  });
  return [...inner, ...outer];
}

/** `#[cfg(not(test))]` and `#[cfg_attr(test, …)]` mark production code. */
function isForTests(attribute: string): boolean {
  return isTestAttribute(attribute) || /^#!?\[cfg\((?!not\b)[^\]]*\b(?:test|bench)\b/.test(attribute);
}
