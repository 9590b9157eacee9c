import { type Place, placeOf, type Rule } from '../../rule.ts';
import {
  type FunctionNode,
  functionName,
  functionsOf,
  isFunction,
  isWithin,
  parameterPattern,
} from '../../syntax/functions.ts';
import { isMiddleware } from '../../syntax/middleware-shape.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isDecisionName, isEnforcementName, wordsOf } from '../../words.ts';
import { constantConditions, constantDecision, isMeantSo } from './constant-decision.ts';
import { type OptionMember, unreadOptions } from './unread-option.ts';

interface IgnoredParameter {
  readonly place: Place;
  readonly functionName: string;
  readonly parameter: string;
}

/** Inputs that the code asks for and does not look at. */
export const ignoredInput: Rule = {
  id: 'ignored-input',
  severity: 'warning',
  title: 'inputs that a decision does not depend on',
  remedy: 'Read it where it has to count, or take it out of the signature.',
  start() {
    const ignored: IgnoredParameter[] = [];
    const options: OptionMember[] = [];
    return {
      source(file, report) {
        if (file.role !== 'production') return;
        for (const node of functionsOf(file)) {
          const claim = constantDecision(file, node);
          if (claim !== null) report({ place: placeOf(file, node), claim, severity: 'error' });
          else if (!isMeantSo(file, node)) ignored.push(...ignoredParameters(file, node));
        }
        for (const { node, claim } of constantConditions(file)) report({ place: placeOf(file, node), claim });
        options.push(...unreadOptions(file));
      },
      finish({ vocabulary, modules }, report) {
        for (const one of ignored) {
          // What is passed on as a value has the parameters that its callers give it.
          if (vocabulary.passed.has(one.functionName)) continue;
          const claim = `\`${one.functionName}\` never reads its parameter \`${one.parameter}\`.`;
          const matters =
            isEnforcementName(one.functionName) || isDecisionName(one.functionName) || isInput(one.parameter);
          report({ place: one.place, claim, severity: matters ? 'warning' : 'note' });
        }
        for (const { place, owner, name, siblings } of options) {
          // What the code writes itself is handed to someone else, who reads it.
          if (vocabulary.reads.has(name) || vocabulary.writes.has(name)) continue;
          if (modules.isOffered(place.path, owner)) continue;
          if (siblings.filter((one) => vocabulary.reads.has(one)).length < 2) continue;
          report({ place, claim: `Nothing reads \`${name}\` of \`${owner}\`.` });
        }
      },
    };
  },
};

/** A parameter's name that speaks of what a decision depends on. */
function isInput(name: string): boolean {
  return wordsOf(name).some((word) => INPUT_WORDS.has(word));
}

const INPUT_WORDS: ReadonlySet<string> = new Set([
  ...[
    'identity',
    'user',
    'role',
    'roles',
    'permission',
    'permissions',
    'policy',
    'policies',
    'rule',
    'rules',
  ],
  ...[
    'condition',
    'conditions',
    'limit',
    'limits',
    'scope',
    'scopes',
    'tenant',
    'filter',
    'filters',
    'options',
  ],
]);

/** The trailing parameters, and the members taken from one, that a function with a will of its own never mentions. */
function ignoredParameters(file: ParsedSource, node: FunctionNode): readonly IgnoredParameter[] {
  const name = functionName(file, node);
  if (name === null || node.body === null || !choosesParameters(file, node) || isUnfinished(node)) return [];
  if (/\barguments\b|\beval\(/.test(file.textOf(node.body)) || isMiddleware(file, node)) return [];
  const found: IgnoredParameter[] = [];
  for (let at = node.params.length - 1; at >= 0; at--) {
    const parameter = node.params[at];
    if (
      parameter === undefined ||
      parameter.type === 'TSParameterProperty' ||
      parameter.type === 'RestElement'
    )
      break;
    const pattern = parameterPattern(parameter);
    const names = patternNames(file, pattern);
    const unread = names.filter((one) => !isRead(file, node, one));
    for (const one of unread) {
      const isMeant = one.name.startsWith('_') || one.name === 'this';
      if (!isMeant) found.push({ place: placeOf(file, one), functionName: name, parameter: one.name });
    }
    // Parameters before one that is read are there for its position.
    if (unread.length < names.length || names.length === 0) break;
  }
  return found;
}

/** Declared functions and constants without a type: nothing else says which parameters they have. */
function choosesParameters(file: ParsedSource, node: FunctionNode): boolean {
  const parent = file.parentOf(node);
  if (node.type === 'FunctionDeclaration') {
    const isOverloaded = file.nodesOf('TSDeclareFunction').some((one) => one.id?.name === node.id?.name);
    return !isOverloaded && node.id !== null;
  }
  return (
    parent?.type === 'VariableDeclarator' &&
    parent.id.type === 'Identifier' &&
    parent.id.typeAnnotation == null
  );
}

/** Nothing in it, or nothing but a refusal: a stub has a rule of its own. */
function isUnfinished({ body }: FunctionNode): boolean {
  if (body?.type !== 'BlockStatement') return false;
  return body.body.length === 0 || (body.body.length === 1 && body.body[0]?.type === 'ThrowStatement');
}

function patternNames(file: ParsedSource, pattern: Node): readonly NodeOf<'Identifier'>[] {
  if (pattern.type === 'Identifier') return [pattern];
  if (pattern.type !== 'ObjectPattern') return [];
  // With a rest, a named member is left out of it on purpose.
  if (pattern.properties.some((one) => one.type === 'RestElement')) return [];
  return file
    .nodesOf('Property')
    .filter((one) => isWithin(one, pattern) && file.parentOf(one) === pattern)
    .flatMap((one): NodeOf<'Identifier'>[] => {
      const value = one.value.type === 'AssignmentPattern' ? one.value.left : one.value;
      return value.type === 'Identifier' ? [value] : [];
    });
}

function isRead(file: ParsedSource, node: FunctionNode, binding: NodeOf<'Identifier'>): boolean {
  return file.variables(binding.name).some((mention) => {
    if (mention === binding || !isWithin(mention, node)) return false;
    // A shorthand member mentions its name as key and value alike.
    const isOwnKey = mention.start === binding.start;
    const parent = file.parentOf(mention);
    const isOtherParameter =
      isFunction(parent) && parent !== node && parent.params.some((one) => one === mention);
    return !isOwnKey && !isOtherParameter;
  });
}
