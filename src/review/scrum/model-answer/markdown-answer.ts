/** The last line of an answer in Markdown: without it the answer may have been cut. */
const END = 'END OF REVIEW';

/**
 * An answer in Markdown as the object it stands for, members that are absent left out; null where the text has no
 * headings of an answer, or does not come to its end.
 */
export function markdownAnswer(text: string): Readonly<Record<string, unknown>> | null {
  const lines = text.trimEnd().split('\n');
  if (lines.pop()?.trim() !== END) return null;
  const sections = sectionsOf(lines);
  const has = (name: string) => sections.has(name);
  if (has('suggestions')) return { suggestions: suggestionsOf(sections.get('suggestions') ?? []) };
  if (!has('verdict') || !has('score')) return null;
  const members: Record<string, unknown> = {};
  for (const name of ['verdict', 'score', 'confidence']) {
    const value = firstWords(sections.get(name) ?? []);
    if (value !== null) members[name] = value;
  }
  for (const name of ['critical_failures', 'verified_components', 'missing_components']) {
    const section = sections.get(name);
    if (section !== undefined) members[name] = itemsOf(section).map(itemOf);
  }
  return members;
}

/** Lines below each heading, by the heading's words in lower case joined by `_`. Deeper headings belong to their own. */
function sectionsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] | null = null;
  for (const line of lines) {
    const name = headingOf(line);
    if (name !== null && MEMBERS.has(name)) {
      current = [];
      sections.set(name, current);
    } else current?.push(line);
  }
  return sections;
}

/** A heading's words in lower case, joined by `_`; null of other lines, and of headings longer than any of ours. */
function headingOf(line: string): string | null {
  if (line.length > MAX_HEADING || !/^#{1,6}\s/.test(line)) return null;
  return line
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '_')
    .replaceAll(/^_|_$/g, '');
}

const MAX_HEADING = 100;

const MEMBERS: ReadonlySet<string> = new Set([
  'verdict',
  'score',
  'confidence',
  'critical_failures',
  'verified_components',
  'missing_components',
  'suggestions',
]);

function firstWords(lines: readonly string[]): string | null {
  const line = lines.find((one) => one.trim() !== '');
  return line === undefined ? null : line.replaceAll(/[*_`]/g, (mark) => (mark === '_' ? '_' : '')).trim();
}

/** The items of a list; lines that go on belong to the item before. `None.` is no item. */
function itemsOf(lines: readonly string[]): readonly string[] {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^\s{0,3}(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line)?.[1];
    if (item !== undefined) items.push(item);
    else if (line.trim() !== '' && items.length > 0) items.push(`${items.pop()} ${line.trim()}`);
  }
  return items.filter((item) => !/^(?:none|n\/a|nothing)\W*$/i.test(item));
}

/** ``[kind] `symbol`, line 12: claim``. */
function itemOf(item: string): Readonly<Record<string, unknown>> {
  const kind = /^\W*\[([^\]]{1,60})\]/.exec(item)?.[1];
  const symbol = /`([^`]+)`/.exec(item)?.[1];
  const line = /\b(?:lines?|l)\.?\s*(\d{1,7})/i.exec(item)?.[1];
  const claim =
    /\b(?:lines?|l)\.?\s*\d{1,7}(?:\s*[-–]\s*\d{1,7})?\W*?[:.)–-]\s+(.*)$/is.exec(item)?.[1] ?? item;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(line === undefined ? {} : { line: Number(line) }),
    claim,
  };
}

/** Each `### …` with list items `- name: value` and fences: one of `diff`, and one of any other language, the first lines. */
function suggestionsOf(lines: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const blocks: string[][] = [];
  for (const line of lines) {
    if (/^#{2,6}\s/.test(line)) blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.map(suggestionOf);
}

function suggestionOf(block: readonly string[]): Readonly<Record<string, unknown>> {
  const members: [string, unknown][] = [];
  let fence: { readonly name: string; readonly lines: string[] } | null = null;
  for (const line of block) {
    const mark = line.startsWith('```') ? line.slice(3).trim() : null;
    if (fence !== null && mark === '') {
      members.push([fence.name, fence.lines.join('\n')]);
      fence = null;
    } else if (fence !== null) fence.lines.push(line);
    else if (mark !== null) fence = { name: mark === 'diff' ? 'diff' : 'first_lines', lines: [] };
    else {
      const [, name = '', value = ''] =
        /^ {0,3}[-*] {1,4}([A-Za-z_]+(?: [A-Za-z_]+)*) ?: ?(.+)$/.exec(line) ?? [];
      if (name !== '')
        members.push([name.toLowerCase().replaceAll(' ', '_'), value.replaceAll('`', '').trim()]);
    }
  }
  return Object.fromEntries(members);
}
