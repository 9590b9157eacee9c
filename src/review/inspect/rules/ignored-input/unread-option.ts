import { type Place, placeOf } from '../../rule.ts';
import type { Node, ParsedSource } from '../../syntax/parsed-source.ts';

/** A member that an options type offers. */
export interface OptionMember {
  readonly place: Place;
  readonly owner: string;
  readonly name: string;
  readonly siblings: readonly string[];
}

/** The members of the types of a file that describe what a caller may ask for. */
export function unreadOptions(file: ParsedSource): readonly OptionMember[] {
  // Options that are spread or kept whole may be read elsewhere, under no name.
  if (/\.\.\.\s*\w*(?:opt|option|setting|config|rest|prop|param|arg)/i.test(file.text)) return [];
  const owners = [
    ...file
      .nodesOf('TSInterfaceDeclaration')
      .map((one) => ({ name: one.id.name, body: one.body.body, isOpen: one.extends.length > 0 })),
    ...file
      .nodesOf('TSTypeAliasDeclaration')
      .flatMap(({ id, typeAnnotation }) =>
        typeAnnotation.type === 'TSTypeLiteral'
          ? [{ name: id.name, body: typeAnnotation.members, isOpen: false }]
          : [],
      ),
  ];
  return owners.flatMap(({ name: owner, body, isOpen }) => {
    if (isOpen || !ASKING.test(owner)) return [];
    const members = body.flatMap((one: Node) =>
      one.type === 'TSPropertySignature' && !one.computed ? [{ node: one, name: file.textOf(one.key) }] : [],
    );
    const names = members.map(({ name }) => name);
    return members.map(({ node, name }) => ({
      place: placeOf(file, node),
      owner,
      name: name.replace(/^['"]|['"]$/g, ''),
      siblings: names.filter((one) => one !== name),
    }));
  });
}

const ASKING = /(?:Options|Settings|Limits|Policy|Rule|Condition)$/;
