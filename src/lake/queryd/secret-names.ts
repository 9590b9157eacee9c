import { createHmac, type KeyObject } from 'node:crypto';
import type { NamedParameters } from './parameters.ts';
import type { PlannedQuery } from './plan-query.ts';
import { nodesOf, type SyntaxNode, textOf, visit } from './syntax-tree.ts';

/** Names of ours inside one query, which the query itself cannot hold. */
export interface SecretNames {
  /** The scan of the `at`-th table. */
  scan(at: number): string;
  readonly answer: string;
  /** The parameters' values, by their secret names. */
  readonly parameters: NamedParameters;
  /** The secret names of parameters in a text, each with its `$`. */
  readonly inText: RegExp;
}

const NAME_BYTES = 12;

/**
 * Gives every parameter of a query a secret name, and makes up those of its scans. The names begin with a keyed hash of
 * the whole query: without the key no text can be found that holds the names it will be given, and a name that came to
 * light would be of no use in any other text. The same query gets the same names, so that the parser's answers for it
 * can be remembered.
 */
export function giveSecretNames(key: KeyObject, planned: PlannedQuery): SecretNames {
  const hash = createHmac('sha256', key).update(JSON.stringify(planned.statement)).digest();
  const prefix = `scan_${hash.toString('hex', 0, NAME_BYTES)}`;
  const secrets = new Map(Object.keys(planned.parameters).map((name, at) => [name, `${prefix}_p${at}`]));
  rename(planned.statement, secrets);
  return {
    scan: (at) => `${prefix}_${at}`,
    answer: `${prefix}_answer`,
    parameters: Object.fromEntries(
      Object.entries(planned.parameters).map(([name, value]) => [secrets.get(name), value]),
    ),
    inText: new RegExp(`\\$${prefix}_p\\d+`, 'g'),
  };
}

function rename(statement: SyntaxNode, secrets: ReadonlyMap<string, string>): void {
  const secretOf = (node: SyntaxNode, member: string) => {
    const name = textOf(node, member);
    return secrets.get(name.toLowerCase()) ?? name;
  };
  visit(statement, (node) => {
    if (textOf(node, 'class') === 'PARAMETER') node.identifier = secretOf(node, 'identifier');
    for (const entry of nodesOf(node, 'named_param_map')) entry.key = secretOf(entry, 'key');
  });
}
