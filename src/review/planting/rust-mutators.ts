// Ways to break a Rust file, each a defect by how it was made.
import { type RustNode, spanOf } from '../inspect/index.ts';
import { type Planted, plantedAt, replaced } from './planting-file.ts';
import { hollowRustTest } from './rust-hollow-tests.ts';
import {
  isRustLibrary,
  type RustPlantingFile,
  rustMentions,
  soleRustDefinition,
} from './rust-planting-file.ts';

export type RustMutator = (file: RustPlantingFile) => readonly Planted[];

const ENFORCING =
  /^(?:check|validate|verify|ensure|authori[sz]e|authenticate|audit|guard|enforce|sanitize|redact|mask|limit|require)_\w+$|^(?:authori[sz]e|authenticate|audit|enforce|validate)$/;

/** Takes every call of an enforcing function out of the one file that calls it; its `use` stays. */
const droppedCall: RustMutator = (file) => {
  const calls = Map.groupBy(productionNodes(file, 'call_expression'), calledName);
  return [...calls].flatMap(([name, nodes]): Planted[] => {
    if (!ENFORCING.test(name)) return [];
    const cuts = nodes.flatMap((node) => cutOf(node) ?? []);
    if (cuts.length !== nodes.length || rustMentions(file, name) !== nodes.length) return [];
    const definition = soleRustDefinition(file, name);
    if (definition === null || definition.isOfTrait || (definition.isPublic && isRustLibrary(file)))
      return [];
    const text = [...cuts]
      .sort((a, b) => b.start - a.start)
      .reduce((all, cut) => replaced(all, cut, cut.by), file.text);
    const isMeant: Planted['isMeant'] = (finding) => finding.claim.includes(`\`${name}\``);
    return [{ rule: 'uncalled-primitive', path: file.path, text, isMeant }];
  });
};

function productionNodes(file: RustPlantingFile, kind: string): readonly RustNode[] {
  const { source } = file;
  return source.role === 'production' ? source.nodesOf(kind).filter((node) => !source.isTestCode(node)) : [];
}

/** The last name of what a call calls: `access::check_key(key)`, `self.check_key(key)`. */
function calledName(call: RustNode): string {
  const callee = call.field('function');
  const name = callee?.kind() === 'field_expression' ? callee.field('field') : callee;
  return name?.text().split('::').at(-1) ?? '';
}

/** What to put in place of a call so that the code goes on without it; null where its value is needed. */
function cutOf(call: RustNode): { readonly start: number; readonly end: number; readonly by: string } | null {
  let outer = call;
  let parent = outer.parent();
  while (parent !== null && /^(?:try|await)_expression$/.test(String(parent.kind()))) {
    outer = parent;
    parent = outer.parent();
  }
  if (parent?.kind() === 'expression_statement') return { ...spanOf(outer), by: '()' };
  const isNegated = parent?.kind() === 'unary_expression' && parent.text().startsWith('!');
  if (isNegated && parent !== null) {
    outer = parent;
    parent = outer.parent();
  }
  return parent?.kind() === 'if_expression' ? { ...spanOf(outer), by: isNegated ? 'false' : 'true' } : null;
}

/** Takes away the call that puts a guard around routes, where it is the only one that names the guard. */
const droppedRegistration: RustMutator = (file) =>
  productionNodes(file, 'call_expression').flatMap((call): Planted[] => {
    const callee = call.field('function');
    const receiver = callee?.field('value') ?? null;
    if (callee?.kind() !== 'field_expression' || receiver === null) return [];
    if (!/^(?:layer|route_layer|wrap|with|hoop|attach)$/.test(callee.field('field')?.text() ?? '')) return [];
    const words = (call.field('arguments')?.text() ?? '').match(/\b[A-Za-z_]\w*/g) ?? [];
    const guard = words.find((word) => isGuard(file, word) && rustMentions(file, word) === 1);
    if (guard === undefined) return [];
    return [
      {
        rule: 'unwired-enforcement',
        path: file.path,
        text: replaced(file.text, spanOf(call), receiver.text()),
        isMeant: (finding) => finding.claim.includes(`\`${guard}\``),
      },
    ];
  });

/** A function with `Next`, a tower layer or an actix transform of the tree that a library does not offer. */
function isGuard(file: RustPlantingFile, name: string): boolean {
  const definition = /^(?:from_fn|from_fn_with_state|self|move)$/.test(name)
    ? null
    : soleRustDefinition(file, name);
  if (definition === null || (definition.isPublic && isRustLibrary(file))) return false;
  const text = file.project.files.get(definition.path) ?? '';
  return new RegExp(`fn ${name}\\b[^{;]*\\bNext\\b|\\b(?:Layer|Transform)<[^{;]*\\bfor ${name}\\b`).test(
    text,
  );
}

/** A handler does not ask for the guard in its parameters any more, and it was the only one that did. */
const droppedExtractor: RustMutator = (file) =>
  file.functions.flatMap((node) =>
    (node.field('parameters')?.children() ?? []).flatMap((parameter): Planted[] => {
      const type = parameter.field('type')?.text() ?? '';
      if (parameter.kind() !== 'parameter' || !/^\w+$/.test(type) || rustMentions(file, type) !== 1)
        return [];
      const isUnused = /^_/.test(parameter.field('pattern')?.text() ?? '');
      const definition = soleRustDefinition(file, type);
      if (!isUnused || definition === null || (definition.isPublic && isRustLibrary(file))) return [];
      const defined = file.project.files.get(definition.path) ?? '';
      if (!new RegExp(`\\bFromRequest(?:Parts)?\\b[^{;]*\\bfor ${type}\\b`).test(defined)) return [];
      const { start, end } = spanOf(parameter);
      const comma = /^\s*,\s*/.exec(file.text.slice(end))?.[0].length ?? 0;
      const text = replaced(file.text, { start, end: end + comma }, '');
      const isMeant: Planted['isMeant'] = (finding) => finding.claim.includes(`\`${type}\``);
      return [{ rule: 'unwired-enforcement', path: file.path, text, isMeant }];
    }),
  );

const GUARDING = /auth|require|guard|verify|check|limit|policy|permission|access|audit|csrf/i;

/** The last route before a guarding layer is added behind it. */
const routePastLayer: RustMutator = (file) =>
  productionNodes(file, 'call_expression').flatMap((layer): Planted[] => {
    const callee = layer.field('function');
    const route = callee?.field('value') ?? null;
    const given = layer.field('arguments');
    if (
      !/^(?:route_)?layer$/.test(callee?.field('field')?.text() ?? '') ||
      route?.kind() !== 'call_expression'
    )
      return [];
    const routeCallee = route.field('function');
    const [below, routeArguments] = [routeCallee?.field('value') ?? null, route.field('arguments')];
    if (routeCallee?.field('field')?.text() !== 'route' || below === null || routeArguments === null)
      return [];
    if (given === null || !GUARDING.test(given.text()) || OPEN.test(routeArguments.text())) return [];
    const name = callee?.field('field')?.text() ?? '';
    const text = replaced(
      file.text,
      spanOf(layer),
      `${below.text()}\n        .${name}${given.text()}\n        .route${routeArguments.text()}`,
    );
    const place = { position: spanOf(layer).end, reachLines: 4 };
    return [plantedAt(file, 'unwired-enforcement', text, place)];
  });

/** Routes that may be open: whoever moves one has broken nothing. */
const OPEN = /"[^"]*(?:health|ready|live|ping|metrics|login|public|version|status)/;

/** A comparison in constant time becomes one that ends at the first byte that differs. */
const hastyCompare: RustMutator = (file) =>
  productionNodes(file, 'call_expression').flatMap((call): Planted[] => {
    const change = hasty(call);
    if (change === null) return [];
    const text = replaced(file.text, spanOf(change.node), change.by);
    const place = { position: spanOf(change.node).start, reachLines: 2 };
    return [plantedAt(file, 'unsafe-compare', text, place)];
  });

function hasty(call: RustNode): { readonly node: RustNode; readonly by: string } | null {
  const name = calledName(call);
  const values = (call.field('arguments')?.children() ?? []).filter((one) => !/^[(),]$/.test(one.text()));
  const [first, second] = values.map((one) => one.text());
  const receiver = call.field('function')?.field('value')?.text();
  if (/^constant_time_eq\w*$/.test(name) && first !== undefined && second !== undefined)
    return { node: call, by: `(${first} == ${second})` };
  if (/slices_are_equal$/.test(name) && first !== undefined && second !== undefined)
    return { node: call, by: `(if ${first} == ${second} { Ok(()) } else { Err(error::Unspecified) })` };
  if (name === 'verify_slice' && receiver !== undefined && first !== undefined)
    return {
      node: call,
      by: `(if ${receiver}.finalize().into_bytes()[..] == ${first}[..] { Ok(()) } else { Err(MacError) })`,
    };
  if (name !== 'ct_eq' || receiver === undefined || first === undefined) return null;
  const around = call.parent();
  // `a.ct_eq(b).into()`, `a.ct_eq(b).unwrap_u8() == 1`, `bool::from(a.ct_eq(b))`
  const method = around?.kind() === 'field_expression' ? around.parent() : null;
  if (method !== null && method !== undefined && /\.into\(\)$/.test(method.text()))
    return { node: method, by: `(${receiver} == ${withoutBorrow(first)})` };
  const counted = method?.parent() ?? null;
  if (counted?.kind() === 'binary_expression' && /\.unwrap_u8\(\)\s*==\s*1(?:u8)?$/.test(counted.text()))
    return { node: counted, by: `(${receiver} == ${withoutBorrow(first)})` };
  const conversion = around?.kind() === 'arguments' ? around.parent() : null;
  if (conversion !== null && conversion !== undefined && /^bool::from\(/.test(conversion.text()))
    return { node: conversion, by: `(${receiver} == ${withoutBorrow(first)})` };
  return { node: call, by: `Choice::from((${receiver} == ${withoutBorrow(first)}) as u8)` };
}

function withoutBorrow(text: string): string {
  return text.startsWith('&') && !text.includes('[') ? text.slice(1) : text;
}

/** A function of the public surface has lost its body. */
const hollowedFunction: RustMutator = (file) =>
  file.functions.flatMap((node): Planted[] => {
    const body = node.field('body');
    const isConst = node
      .children()
      .some((one) => one.kind() === 'function_modifiers' && /const/.test(one.text()));
    if (body === null || body.children().length < 4 || isConst) return [];
    const span = spanOf(body);
    const text = replaced(file.text, span, '{\n        todo!()\n    }');
    return [plantedAt(file, 'unreferenced-stub', text, { position: span.start, reachLines: 2 })];
  });

/** A lint about ends of the thread or about memory is turned off where it would speak, and no reason given. */
const silencedLint: RustMutator = (file) =>
  file.functions.flatMap((node): Planted[] => {
    const body = node.field('body')?.text() ?? '';
    const lint = /\bunsafe \{/.test(body)
      ? 'unsafe_code'
      : /\.unwrap\(\)/.test(body)
        ? 'clippy::unwrap_used'
        : /\w\[\w+\]/.test(body)
          ? 'clippy::indexing_slicing'
          : null;
    if (lint === null) return [];
    const { start } = spanOf(node);
    const text = replaced(file.text, { start, end: start }, `#[allow(${lint})]\n    `);
    return [plantedAt(file, 'suppressed-security-lint', text, { position: start })];
  });

/** Every way to break a Rust file, by what is broken; what is broken alike in other languages has the same name. */
export const RUST_MUTATORS: ReadonlyMap<
  string,
  { readonly rules: readonly string[]; readonly plant: RustMutator }
> = new Map([
  ['a call of enforcement dropped', { rules: ['uncalled-primitive'], plant: droppedCall }],
  ['a registration dropped', { rules: ['unwired-enforcement'], plant: droppedRegistration }],
  ['a guard taken off a route', { rules: ['unwired-enforcement'], plant: droppedExtractor }],
  ['a route moved past its guard', { rules: ['unwired-enforcement'], plant: routePastLayer }],
  ['a constant-time compare replaced', { rules: ['unsafe-compare'], plant: hastyCompare }],
  ['a test emptied', { rules: ['hollow-test'], plant: (file) => hollowRustTest(file, () => '') }],
  [
    'a test made constant',
    { rules: ['hollow-test'], plant: (file) => hollowRustTest(file, () => 'assert!(true);') },
  ],
  ['a function hollowed out', { rules: ['unreferenced-stub'], plant: hollowedFunction }],
  ['a security lint silenced', { rules: ['suppressed-security-lint'], plant: silencedLint }],
]);
