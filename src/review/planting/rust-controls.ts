// Changes of Rust files that are no defect: whoever reports one cries wolf.
import { type RustNode, spanOf } from '../inspect/index.ts';
import { commentedAbove, replaced } from './planting-file.ts';
import type { RustPlantingFile } from './rust-planting-file.ts';

export type RustControl = (file: RustPlantingFile) => string | null;

/** A local variable has another name. */
const renamed: RustControl = (file) => {
  const all = file.source.nodesOf('identifier');
  for (const around of file.functions) {
    for (const declaration of around.findAll({ rule: { kind: 'let_declaration' } })) {
      const name = declaration.field('pattern')?.text() ?? '';
      if (!/^[a-z]\w{2,}$/.test(name) || new RegExp(`\\{${name}\\b`).test(file.text)) continue;
      const mentions = all.filter((node) => node.text() === name);
      const span = spanOf(around);
      const isLocal = mentions.every(
        (node) => spanOf(node).start > span.start && spanOf(node).end < span.end,
      );
      // `Job { name }` names a member too.
      const isPlain = mentions.every(
        (node) =>
          !/^(?:shorthand_field_initializer|function_item|macro_invocation|scoped_identifier)$/.test(
            String(node.parent()?.kind()),
          ),
      );
      if (!isLocal || !isPlain || mentions.length < 2) continue;
      return withoutOverlap(mentions).reduce(
        (text, node) => replaced(text, spanOf(node), `${name}_value`),
        file.text,
      );
    }
  }
  return null;
};

function withoutOverlap(nodes: readonly RustNode[]): readonly RustNode[] {
  return [...nodes].sort((a, b) => spanOf(b).start - spanOf(a).start);
}

/** Two functions that stand side by side have changed places. */
const reordered: RustControl = (file) => {
  for (const first of file.functions) {
    const second = first.next();
    if (second?.kind() !== 'function_item') continue;
    const between = file.text.slice(spanOf(first).end, spanOf(second).start);
    // An attribute above the first would move to the second.
    const before = first.prev()?.kind();
    if (between.trim() !== '' || before === 'attribute_item' || before === 'line_comment') continue;
    return (
      file.text.slice(0, spanOf(first).start) +
      second.text() +
      between +
      first.text() +
      file.text.slice(spanOf(second).end)
    );
  }
  return null;
};

/** Comments have come, and every line below has moved. */
const commented: RustControl = (file) => {
  const [first] = file.functions;
  if (first === undefined) return null;
  return commentedAbove(file.text, spanOf(first).start);
};

/** A comment says the same in other words. */
const reworded: RustControl = (file) => {
  const comment = file.source
    .nodesOf('line_comment')
    .find((node) => /^\/\/ [A-Z]/.test(node.text()) && !/SAFETY|review-ok/.test(node.text()));
  return comment === undefined
    ? null
    : replaced(file.text, spanOf(comment), '// Said in other words, and meant as before.');
};

/** A chain of calls stands on one line. */
const reformatted: RustControl = (file) => {
  const chain = file.functions
    .flatMap((node) => node.findAll({ rule: { kind: 'call_expression' } }))
    .find((node) => /\n\s*\./.test(node.text()) && !holdsLines(node));
  return chain === undefined
    ? null
    : replaced(
        file.text,
        spanOf(chain),
        chain
          .text()
          .replaceAll(/\s*\n\s*\./g, '.')
          .replaceAll(/\s*\n\s*/g, ' '),
      );
};

/** A comment, or a text of several lines, which would not stay what it is. */
function holdsLines(node: RustNode): boolean {
  const isOfLines = (kind: string) =>
    node.findAll({ rule: { kind } }).some((one) => one.text().includes('\n'));
  return /\/\//.test(node.text()) || isOfLines('string_literal') || isOfLines('raw_string_literal');
}

/** As in other languages where the name is the same. */
export const RUST_CONTROLS: ReadonlyMap<string, RustControl> = new Map([
  ['a variable renamed', renamed],
  ['functions reordered', reordered],
  ['comments added', commented],
  ['a comment reworded', reworded],
  ['a chain on one line', reformatted],
]);
