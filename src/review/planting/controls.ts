// Changes that are no defect: whoever reports one cries wolf.
import { commentedAbove, lineAt, type PlantingFile, replaced } from './planting-file.ts';

export type Control = (file: PlantingFile) => string | null;

/** A local variable has another name. */
const renamed: Control = (file) => {
  const names = file.nodes.flatMap((node) =>
    node.type === 'VariableDeclarator' &&
    node.id.type === 'Identifier' &&
    file.parentOf(file.parentOf(node) ?? node)?.type === 'BlockStatement'
      ? [node.id.name]
      : [],
  );
  for (const name of names) {
    const mentions = file.nodes.filter(
      (node) => (node.type === 'Identifier' || node.type === 'JSXIdentifier') && node.name === name,
    );
    const isPlain = mentions.every((node) => {
      const parent = file.parentOf(node);
      if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed;
      return (
        parent !== null &&
        !/^(?:Property|MethodDefinition|PropertyDefinition|TS\w+|ExportSpecifier|ImportSpecifier|LabeledStatement)$/.test(
          parent.type,
        )
      );
    });
    if (!isPlain || mentions.length < 2 || name.length < 3) continue;
    return [...mentions]
      .sort((a, b) => b.start - a.start)
      .reduce(
        (text, node) => replaced(text, { start: node.start, end: node.start + name.length }, `${name}Value`),
        file.text,
      );
  }
  return null;
};

/** Two functions that stand side by side have changed places. */
const reordered: Control = (file) => {
  const functions = file.nodes.filter(
    (node) => node.type === 'FunctionDeclaration' && file.parentOf(node)?.type === 'Program',
  );
  for (const [index, first] of functions.entries()) {
    const second = functions[index + 1];
    if (second === undefined) break;
    const between = file.text.slice(first.end, second.start);
    if (between.trim() !== '') continue;
    return (
      file.text.slice(0, first.start) +
      file.source(second) +
      between +
      file.source(first) +
      file.text.slice(second.end)
    );
  }
  return null;
};

/** Comments have come, and every line below has moved. */
const commented: Control = (file) => {
  const first = file.nodes.find(
    (node) => node.type === 'FunctionDeclaration' || node.type === 'ExpressionStatement',
  );
  if (first === undefined || lineAt(file.text, first.start) < 2) return null;
  return commentedAbove(file.text, first.start);
};

export const CONTROLS: ReadonlyMap<string, Control> = new Map([
  ['a variable renamed', renamed],
  ['functions reordered', reordered],
  ['comments added', commented],
]);
