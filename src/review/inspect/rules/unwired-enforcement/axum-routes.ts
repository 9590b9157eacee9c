// Routers of axum: `Router::new().route("/jobs", get(list)).layer(from_fn(require_key))`. A layer is passed only by the
// routes that stand before it in the chain.
import type { Observation, Place } from '../../rule.ts';
import type { RustNode, RustSource } from '../../rust/rust-source.ts';
import { isEnforcementName } from '../../words.ts';

/** Functions that take axum's `Next`, and the text in which a file could register them. */
export function rustMiddleware(file: RustSource): {
  readonly middleware: readonly { readonly name: string; readonly place: Place }[];
  readonly registrations: string;
} {
  const middleware = file
    .nodesOf('function_item')
    .filter((node) => /\bNext\b/.test(node.field('parameters')?.text() ?? '') && !file.isTestCode(node))
    .map((node) => ({ name: node.field('name')?.text() ?? '', place: place(file, node) }));
  const registrations = file
    .nodesOf('call_expression')
    .filter((node) => !file.isTestCode(node))
    .map((node) => node.field('arguments')?.text() ?? '')
    .filter((text) => text.length < 400)
    .join('\n');
  return { middleware, registrations };
}

/** Routes added to a chain after the layer that guards it. */
export function layersBeforeRoutes(file: RustSource): readonly Observation[] {
  return file.nodesOf('call_expression').flatMap((call) => {
    if (methodOf(call) !== 'route' || file.isTestCode(call)) return [];
    for (let below = receiverOf(call); below !== null; below = receiverOf(below)) {
      const guard = methodOf(below) === 'layer' ? guardIn(below.field('arguments')?.text() ?? '') : null;
      if (guard === null) continue;
      const path = /"([^"]*)"/.exec(call.field('arguments')?.text() ?? '')?.[1] ?? '';
      if (/health|ready|live|ping|metrics|login|public|version|status/.test(path)) return [];
      const claim = `The route \`${path}\` is added after the layer \`${guard}\`, so that it does not pass it.`;
      return [{ place: place(file, call), claim }];
    }
    return [];
  });
}

function methodOf(call: RustNode): string | null {
  const callee = call.field('function');
  return callee?.kind() === 'field_expression' ? (callee.field('field')?.text() ?? null) : null;
}

function receiverOf(call: RustNode): RustNode | null {
  const receiver = call.field('function')?.field('value') ?? null;
  return receiver?.kind() === 'call_expression' ? receiver : null;
}

function guardIn(text: string): string | null {
  return (text.match(/\w+/g) ?? []).find((word) => !/^from_fn/.test(word) && isEnforcementName(word)) ?? null;
}

function place(file: RustSource, node: RustNode): Place {
  return { path: file.path, line: file.lineOf(node), symbol: file.symbolAround(node) };
}
