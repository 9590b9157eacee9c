// Routers of axum: `Router::new().route("/jobs", get(list)).layer(from_fn(require_key))`. A layer is passed only by the
// routes that stand before it in the chain.
import { type Observation, placeOfRust } from '../../rule.ts';
import type { RustNode } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';
import { isEnforcementName } from '../../words.ts';

/** Routes added to a router after the layer that guards it. */
export function layersBeforeRoutes(file: RustSource): readonly Observation[] {
  return file.nodesOf('call_expression').flatMap((call) => {
    if (methodOf(call) !== 'route' || file.isTestCode(call)) return [];
    for (let below = receiverOf(call); below !== null; below = receiverOf(below)) {
      const guard = /^(?:route_)?layer$/.test(methodOf(below) ?? '')
        ? guardIn(below.field('arguments')?.text() ?? '')
        : null;
      if (guard === null) continue;
      const path = /"([^"]*)"/.exec(call.field('arguments')?.text() ?? '')?.[1] ?? '';
      if (/health|ready|live|ping|metrics|login|public|version|status/.test(path)) return [];
      const claim = `The route \`${path}\` is added after the layer \`${guard}\`, so that it does not pass it.`;
      return [{ place: placeOfRust(file, routeName(call)), claim }];
    }
    return [];
  });
}

function methodOf(call: RustNode): string | null {
  const callee = call.field('function');
  return callee?.kind() === 'field_expression' ? (callee.field('field')?.text() ?? null) : null;
}

/** The word `route` of a call: a chain begins lines above it. */
function routeName(call: RustNode): RustNode {
  return call.field('function')?.field('field') ?? call;
}

/** The call whose value another one is called on, through the variable that holds it. */
function receiverOf(call: RustNode): RustNode | null {
  const receiver = call.field('function')?.field('value') ?? null;
  if (receiver?.kind() === 'call_expression') return receiver;
  return receiver?.kind() === 'identifier' ? heldValue(receiver) : null;
}

/** What `let app = …` of the same block last gave the variable. */
function heldValue(variable: RustNode): RustNode | null {
  const statement = variable.ancestors().find((one) => one.parent()?.kind() === 'block');
  for (let before = statement?.prev() ?? null; before !== null; before = before.prev()) {
    const given = before.kind() === 'let_declaration' ? before : assignmentIn(before);
    const name = (given?.field('pattern') ?? given?.field('left'))?.text().replace(/^mut\s+/, '');
    if (name !== variable.text()) continue;
    const value = given?.field('value') ?? given?.field('right') ?? null;
    return value?.kind() === 'call_expression' ? value : null;
  }
  return null;
}

function assignmentIn(statement: RustNode): RustNode | null {
  return statement.children().find((one) => one.kind() === 'assignment_expression') ?? null;
}

function guardIn(text: string): string | null {
  return (text.match(/\w+/g) ?? []).find((word) => !/^from_fn/.test(word) && isEnforcementName(word)) ?? null;
}
