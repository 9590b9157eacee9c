// The sides of a comparison in Rust: where they come from, what they are called, whether only the run knows them.
import type { RustNode } from '../../rust/rust-node.ts';
import { type OperandOrigin, ownType, typeName } from './rust-equality.ts';

/** The type that an `impl` around a node is of. */
export function typeAround(node: RustNode): string {
  return typeName(
    node
      .ancestors()
      .find((one) => one.kind() === 'impl_item')
      ?.field('type') ?? null,
  );
}

export function functionAround(node: RustNode): RustNode | null {
  return node.ancestors().find((one) => one.kind() === 'function_item') ?? null;
}

/** Where an operand comes from, as far as its function tells. */
export function originOf(side: RustNode): OperandOrigin {
  const node = bare(side);
  const origin = { types: [] as string[], calls: [] as string[], fields: [] as string[] };
  if (node.kind() === 'field_expression') origin.fields.push(node.field('field')?.text() ?? '');
  if (node.kind() === 'call_expression') origin.calls.push(calleeOf(node));
  const around = functionAround(node);
  if (node.kind() !== 'identifier' || around === null) return origin;
  for (const kind of ['parameter', 'let_declaration']) {
    for (const one of around.findAll({ rule: { kind } })) {
      if (
        one
          .field('pattern')
          ?.text()
          .replace(/^mut\s+/, '') !== node.text()
      )
        continue;
      const value = one.field('value');
      origin.types.push(ownType(one.field('type')?.text() ?? '', node));
      if (value !== null && bare(value).kind() === 'call_expression')
        origin.calls.push(calleeOf(bare(value)));
    }
  }
  return origin;
}

/** Without what borrows, unwraps or spells a value otherwise: `&key[..]`, `key.as_bytes()`, `Some(key)`, `key?`. */
export function bare(side: RustNode): RustNode {
  switch (side.kind()) {
    case 'reference_expression':
      return bareOr(side.field('value'), side);
    case 'unary_expression':
      return side.child(0)?.text() === '*' ? bareOr(side.child(1), side) : side;
    case 'parenthesized_expression':
      return bareOr(side.child(1), side);
    case 'try_expression':
    case 'await_expression':
      return bareOr(side.child(0), side);
    case 'index_expression':
      return side.child(2)?.kind() === 'range_expression' ? bareOr(side.child(0), side) : side;
    case 'call_expression': {
      const callee = side.field('function');
      if (callee?.kind() === 'field_expression')
        return TRANSPARENT.test(callee.field('field')?.text() ?? '')
          ? bareOr(callee.field('value'), side)
          : side;
      const [, argument, end] = side.field('arguments')?.children() ?? [];
      const isWrapped = /^(?:Some|Ok)$/.test(callee?.text() ?? '') && end?.text() === ')';
      return isWrapped && argument !== undefined ? bare(argument) : side;
    }
    default:
      return side;
  }
}

function bareOr(inner: RustNode | null, side: RustNode): RustNode {
  return inner === null ? side : bare(inner);
}

const TRANSPARENT =
  /^(?:as_\w+|to_(?:vec|owned|string|str|bytes)|into|into_\w+|clone|cloned|copied|unwrap\w*|expect|finalize|borrow|deref|trim\w*|ok|expose_secret|unprotected_as_bytes|iter)$/;

/** A value that only the run knows: no literal, no constant, no length or kind. */
export function isDynamic(side: RustNode): boolean {
  // The result of a Mac's `finalize()` compares itself in constant time, its bytes do not.
  if (/\.finalize\(\)$/.test(side.text())) return false;
  const node = bare(side);
  switch (node.kind()) {
    case 'self':
      return true;
    case 'identifier':
      return !/^[A-Z]/.test(node.text());
    case 'field_expression':
      return !/^(?:len|kind|type|version|alg\w*)$/.test(node.field('field')?.text() ?? '');
    case 'call_expression':
      // `Self::zero()` is the same in every run.
      if (node.field('function')?.kind() === 'scoped_identifier' && node.field('arguments')?.text() === '()')
        return false;
      return !/^(?:len|count|kind|is_\w+|has_\w+|type_id|version|alg\w*|capacity|from_static)$/.test(
        calleeOf(node),
      );
    case 'macro_invocation':
      return node.field('macro')?.text() === 'format' && /[{]/.test(node.text());
    default:
      return false;
  }
}

function calleeOf(call: RustNode): string {
  const callee = call.field('function');
  const name = (callee?.kind() === 'field_expression' ? callee.field('field') : callee)?.text() ?? '';
  return (
    name
      .replace(/::<[\s\S]*$/, '')
      .split('::')
      .at(-1) ?? ''
  );
}

/** What a side is called: the last name of it, the literal of a lookup, the type around `self.0`. */
export function nameOf(side: RustNode): string {
  const node = bare(side);
  switch (node.kind()) {
    case 'self':
      return typeAround(node);
    case 'identifier':
      return node.text();
    case 'field_expression': {
      const field = node.field('field')?.text() ?? '';
      if (!/^\d+$/.test(field)) return field;
      const value = node.field('value');
      return value === null || value.kind() === 'self' ? typeAround(node) : nameOf(value);
    }
    case 'call_expression': {
      // headers.get("x-api-key"), cookies.get(&session_token)
      const [, argument] = node.field('arguments')?.children() ?? [];
      const isLookup =
        /^(?:get|header|headers|var)$/.test(calleeOf(node)) && argument?.kind() === 'string_literal';
      return isLookup ? argument.text().replaceAll('"', '') : calleeOf(node);
    }
    case 'macro_invocation':
      return node.text().replaceAll(/^format!|"[^"{]*\{?|\}[^"]*"/g, ' ');
    default:
      return '';
  }
}
