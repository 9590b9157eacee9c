import { isInside, isOfTrait, type NodesOfKind, type RustNode, type RustSpan, spanOf } from './rust-node.ts';

/**
 * How often the production code of a file names each function and type. `use`, tests, the name's own definition and a
 * type's own `impl` blocks name it without calling it. An attribute calls what it names: `deserialize_with = "check_shape"`.
 */
export function productionMentions(
  nodesOf: NodesOfKind,
  isTestCode: (node: RustNode) => boolean,
): ReadonlyMap<string, number> {
  const own = ownSpans(nodesOf);
  const uses = nodesOf('use_declaration').map(spanOf);
  const mentions = new Map<string, number>();
  const add = (name: string) => mentions.set(name, (mentions.get(name) ?? 0) + 1);
  for (const kind of ['identifier', 'field_identifier', 'type_identifier']) {
    for (const node of nodesOf(kind)) {
      const name = node.text();
      const span = spanOf(node);
      const isOwn = own.get(name)?.some((one) => isInside(span, one)) ?? false;
      if (isOwn || uses.some((one) => isInside(span, one)) || isTestCode(node)) continue;
      add(name);
    }
  }
  for (const node of nodesOf('attribute_item')) {
    if (isTestCode(node)) continue;
    for (const [, path = ''] of node.text().matchAll(/=\s*"([\w:]+)"/g)) add(path.split('::').at(-1) ?? '');
  }
  return mentions;
}

/** Where a function or type is defined, by its name. */
function ownSpans(nodesOf: NodesOfKind): ReadonlyMap<string, readonly RustSpan[]> {
  const spans = new Map<string, RustSpan[]>();
  const add = (name: RustNode | null, node: RustNode) => {
    // `RequireKey<S>` is `RequireKey`.
    const text = name?.text().replace(/<[\s\S]*$/, '') ?? '';
    const known = spans.get(text) ?? [];
    known.push(spanOf(node));
    spans.set(text, known);
  };
  for (const kind of ['function_item', 'struct_item', 'enum_item', 'trait_item'])
    for (const node of nodesOf(kind)) if (!isOfTrait(node)) add(node.field('name'), node);
  for (const node of nodesOf('impl_item')) add(node.field('type'), node);
  return spans;
}
