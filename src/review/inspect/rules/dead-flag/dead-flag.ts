import { topLevelDeclarations } from '../../graph/module-facts.ts';
import { placeOf, type Rule } from '../../rule.ts';
import type { Node, ParsedSource } from '../../syntax/parsed-source.ts';
import { wordsOf } from '../../words.ts';

/** Switches in the code that no one can turn. */
export const deadFlag: Rule = {
  id: 'dead-flag',
  severity: 'warning',
  title: 'feature flags that never vary',
  remedy: 'Read it from the configuration, or delete it with the branch that never runs.',
  start: () => ({
    source(file, report) {
      if (file.role !== 'production') return;
      for (const { name, declaration, value } of topLevelDeclarations(file)) {
        const state = booleanOf(value);
        if (state === null || !isFlagName(name) || isAssigned(file, name) || !decides(file, name)) continue;
        const claim = `The flag \`${name}\` is always ${state}, so that one side of each condition on it never runs.`;
        report({ place: placeOf(file, declaration), claim });
      }
    },
  }),
};

function booleanOf(value: Node | null): boolean | null {
  return value?.type === 'Literal' && typeof value.value === 'boolean' ? value.value : null;
}

function isFlagName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  return (
    ['enabled', 'disabled'].includes(last) ||
    ['enable', 'disable', 'feature', 'use', 'allow', 'skip', 'bypass'].includes(words[0] ?? '') ||
    words.includes('flag') ||
    words.includes('experimental')
  );
}

function isAssigned(file: ParsedSource, name: string): boolean {
  return file.variables(name).some((mention) => {
    const parent = file.parentOf(mention);
    return (
      (parent?.type === 'AssignmentExpression' && parent.left === mention) ||
      // Exported under its own name or another, it may be varied by a build or a test.
      parent?.type === 'ExportSpecifier'
    );
  });
}

/** Whether a condition of the file asks for it. */
function decides(file: ParsedSource, name: string): boolean {
  return file.variables(name).some((mention) => {
    let below: Node = mention;
    for (let at = file.parentOf(below); at !== null; at = file.parentOf(below)) {
      if (at.type === 'IfStatement' || at.type === 'ConditionalExpression') return at.test === below;
      if (at.type === 'LogicalExpression' && at.left === below) return true;
      if (at.type !== 'UnaryExpression' && at.type !== 'LogicalExpression') return false;
      below = at;
    }
    return false;
  });
}
