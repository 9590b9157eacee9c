import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged } from './grammar.ts';
import type { Passages } from './passages.ts';

/** `npm run lint`, `pnpm run build:docs`; `yarn build` may be a program and is left alone. */
const RUN_SCRIPT = /(?<![\w-])(?:npm|pnpm|yarn|bun)\s+run\s+([a-z][\w:-]*[\w])(?![\w:/.]*[*{<])/g;
/** The scripts of packages that are read; a tree of more is read in part, and then says nothing of what it lacks. */
const MOST_MANIFESTS = 200;

/** Scripts that a text says were run or are there to be run. */
export function scriptClaims({ sentences }: Passages): readonly DraftClaim[] {
  return sentences.flatMap(({ start, text }) =>
    [...text.matchAll(RUN_SCRIPT)].map(
      (match): DraftClaim => ({
        kind: 'file',
        isReference: true,
        start: start + match.index,
        end: start + match.index + match[0].length,
        judge: (change) => judgeScript(change, match[1] ?? '', isHedged(text)),
      }),
    ),
  );
}

function judgeScript(change: Change, script: string, isDoubtful: boolean): Judgement {
  const manifests = change.knownPaths('package.json').slice(0, MOST_MANIFESTS + 1);
  const holding = manifests.find((path) =>
    [change.after(path), change.before(path)].some((text) => scriptsOf(text)?.includes(script) === true),
  );
  if (holding !== undefined) return backed(`${holding} has the script ${script}`);
  const isRead = manifests.every((path) => {
    const text = change.after(path) ?? change.before(path);
    return text !== null && scriptsOf(text) !== null;
  });
  if (isDoubtful || manifests.length === 0 || manifests.length > MOST_MANIFESTS || !isRead)
    return unknown(`no package.json that was read has a script ${script}`);
  return notBacked(`no package.json before or after the change has a script ${script}`);
}

/** Null where the text is no manifest. */
function scriptsOf(text: string | null): readonly string[] | null {
  try {
    const manifest: unknown = JSON.parse(text ?? '');
    if (typeof manifest !== 'object' || manifest === null) return null;
    const scripts: unknown = Object.getOwnPropertyDescriptor(manifest, 'scripts')?.value ?? {};
    return typeof scripts === 'object' && scripts !== null ? Object.keys(scripts) : null;
  } catch {
    return null;
  }
}
