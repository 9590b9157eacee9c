import { isFunction, parameterNames } from './functions.ts';
import type { Node, ParsedSource } from './parsed-source.ts';

/**
 * Whether a function has the parameters of a web framework's middleware or hook, or makes one: `(req, res, next)`,
 * `(request, reply)`, `(context, next)`.
 */
export function isMiddleware(file: ParsedSource, value: Node | null): boolean {
  if (!isFunction(value)) return false;
  if (hasMiddlewareParameters(parameterNames(value))) return true;
  const { body } = value;
  if (body === null) return false;
  if (body.type !== 'BlockStatement')
    return isFunction(body) && hasMiddlewareParameters(parameterNames(body));
  return file.nodesOf('ReturnStatement').some((one) => {
    const isOwn = one.start > body.start && one.end < body.end;
    return isOwn && isFunction(one.argument) && hasMiddlewareParameters(parameterNames(one.argument));
  });
}

function hasMiddlewareParameters(names: readonly (string | null)[]): boolean {
  const [first, second, third] = names.map((name) => (name ?? '').replace(/^_/, ''));
  if (first === undefined || second === undefined) return false;
  if (/^(?:req|request)$/.test(first)) {
    if (/^(?:reply|rep)$/.test(second)) return names.length <= 3;
    return /^(?:res|response)$/.test(second) && /^(?:next|done|cb|callback)$/.test(third ?? '');
  }
  return /^(?:c|ctx|context)$/.test(first) && second === 'next' && names.length === 2;
}
