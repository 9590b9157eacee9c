import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged, type Statement, statementAbout } from './grammar.ts';
import { mentionsIn } from './mentions.ts';
import type { Passages, Sentence } from './passages.ts';

/** Files a text names, and what it says was done to them. */
export function fileClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  // A changelog speaks of a release, of which the change is a part.
  const speaksOfThisChange = source.document !== 'CHANGELOG.md';
  return sentences.flatMap((sentence) =>
    mentionsIn(sentence).flatMap((mention): DraftClaim[] => {
      if (mention.kind !== 'path') return [];
      const { name, start, end } = mention;
      const after = sentence.text.slice(end);
      const stated = speaksOfThisChange ? statementOf(sentence, start, after) : null;
      const isHedge = isHedged(sentence.text.slice(0, start));
      return [
        {
          kind: 'file',
          start: sentence.start + start,
          end: sentence.start + end,
          judge: (change) =>
            stated === null ? judgeNamed(change, name, isHedge) : judgeTouched(change, name, stated),
        },
      ];
    }),
  );
}

function statementOf(sentence: Sentence, start: number, after: string): Statement | null {
  // `- src/a.ts: what was done`, as in lists of files.
  const isListed = sentence.block.kind === 'item' && /^\s*[-*+]\s+$/.test(sentence.text.slice(0, start));
  if (isListed && /^(?::|\s[–—-])\s/.test(after))
    return { deed: 'changed', isDirect: false, isNegated: false };
  return statementAbout(sentence.text, start, after);
}

function judgeTouched(change: Change, name: string, { deed, isDirect, isNegated }: Statement): Judgement {
  const touched = change.files.filter(
    ({ path, from }) => isNamed(path, name) || (from !== null && isNamed(from, name)),
  );
  const [first] = touched;
  if (isNegated) {
    return first === undefined ? backed('not in the diff') : notBacked(`the diff changes ${first.path}`);
  }
  if (first === undefined) {
    const known = change.knownPaths(name);
    if (known.length === 0) return judgeNamed(change, name, false);
    return notBacked(`the diff does not touch ${known[0]}`);
  }
  const remains = change.after(first.path) !== null && isNamed(first.path, name);
  if (deed === 'removed' && isDirect && remains && touched.length === 1 && !name.endsWith('/'))
    return notBacked(`${first.path} is still there after the change`);
  return backed(`git diff: ${first.status} ${first.path}${lineCount(first.addedLines, first.removedLines)}`);
}

function judgeNamed(change: Change, name: string, isHedge: boolean): Judgement {
  const [known] = change.knownPaths(name);
  if (known !== undefined) return backed(`in the tree: ${known}`);
  const [top = ''] = name.split('/');
  const isElsewhere = /^(?:dist|build|node_modules|coverage|out|target|tmp|\.cache|\.|\.\.|~)$/.test(top);
  const isOfTree = name.includes('/') && !isElsewhere && change.knownPaths(`${top}/`).length > 0;
  if (!isOfTree || isHedge) return unknown(`no file of that name before or after the change`);
  return notBacked(`git ls-tree: no ${name} before or after the change`);
}

function isNamed(path: string, name: string): boolean {
  const folder = name.endsWith('/') ? name : `${name}/`;
  return path === name || path.endsWith(`/${name}`) || path.startsWith(folder) || path.includes(`/${folder}`);
}

function lineCount(added: number | null, removed: number | null): string {
  return added === null ? '' : ` (+${added} −${removed ?? 0})`;
}
