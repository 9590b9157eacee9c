import type { RustNode } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';

/** A call that compares in constant time, by the names of subtle, ring, constant_time_eq and their like. */
export const CONSTANT_TIME =
  /\b(?:ct_\w*eq|ct_ne|constant_time\w*|verify_slice\w*|slices_are_equal|secure_cmp|secure_eq|fixed_time_eq|timing_safe_eq)\b/;

/** What an operand is known to be: texts of types, and names of functions whose result it is. */
export interface OperandOrigin {
  readonly types: readonly string[];
  readonly calls: readonly string[];
  readonly fields: readonly string[];
}

/** In Rust `==` is what its types make of it: those whose own `PartialEq` compares in constant time are safe. */
export function createRustEqualities(): {
  read(file: RustSource): void;
  isSafe(operand: OperandOrigin): boolean;
} {
  const safe = new Set<string>(['CtOutput']);
  const aliases: { readonly name: string; readonly target: string }[] = [];
  const results = new Map<string, string[]>();
  const fields = new Map<string, string[]>();
  return {
    read(file) {
      for (const node of file.nodesOf('impl_item')) {
        const isEquality = /^PartialEq\b/.test(node.field('trait')?.text() ?? '');
        if (isEquality && CONSTANT_TIME.test(node.field('body')?.text() ?? ''))
          safe.add(typeName(node.field('type')));
      }
      // The types of an `impl` are other ones in each.
      for (const node of file
        .nodesOf('type_item')
        .filter((one) => one.parent()?.kind() !== 'declaration_list'))
        aliases.push({ name: node.field('name')?.text() ?? '', target: node.field('type')?.text() ?? '' });
      for (const node of file.nodesOf('use_as_clause'))
        aliases.push({ name: node.field('alias')?.text() ?? '', target: node.field('path')?.text() ?? '' });
      for (const node of file.nodesOf('function_item')) {
        const type = node.field('return_type');
        if (type !== null) put(results, node.field('name')?.text() ?? '', ownType(type.text(), node));
      }
      for (const node of file.nodesOf('field_declaration'))
        put(fields, node.field('name')?.text() ?? '', node.field('type')?.text() ?? '');
    },
    isSafe({ types, calls, fields: members }) {
      for (let size = -1; size !== safe.size; ) {
        size = safe.size;
        for (const { name, target } of aliases) if (names(target, safe)) safe.add(name);
      }
      return [
        ...types,
        ...calls.flatMap((name) => results.get(name) ?? []),
        ...members.flatMap((name) => fields.get(name) ?? []),
      ].some((text) => names(text, safe));
    },
  };
}

/** `Self` is the type of the `impl` around. */
export function ownType(text: string, node: RustNode): string {
  const impl = node.ancestors().find((one) => one.kind() === 'impl_item') ?? null;
  return impl === null ? text : text.replaceAll(/\bSelf\b/g, typeName(impl.field('type')));
}

/** `Secret<T>` is `Secret`. */
export function typeName(type: RustNode | null): string {
  return (
    type
      ?.text()
      .replace(/<[\s\S]*$/, '')
      .split('::')
      .at(-1) ?? ''
  );
}

function names(type: string, wanted: ReadonlySet<string>): boolean {
  return (type.match(/\w+/g) ?? []).some((word) => wanted.has(word));
}

function put(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
