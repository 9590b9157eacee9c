import { posix } from 'node:path';
import type { Project } from '../../project.ts';
import { type Place, placeOf, type Report, type Rule } from '../../rule.ts';
import { isSettingsFile, type SettingsKey, settingsKeys } from '../../settings-files.ts';
import type { ParsedSource } from '../../syntax/parsed-source.ts';

/** Settings that change nothing, and settings that nobody is told of. */
export const unreadConfiguration: Rule = {
  id: 'unread-configuration',
  severity: 'warning',
  title: 'configuration that no code reads',
  remedy: 'Read it where it has to take effect, or take it out of the file.',
  start() {
    const variables: { readonly name: string; readonly place: Place }[] = [];
    return {
      source(file) {
        if (file.role === 'production') variables.push(...environmentReads(file));
      },
      finish(project, report) {
        const declared = new Set<string>();
        let hasEnvironmentSample = false;
        for (const path of project.paths.filter(isSettingsFile)) {
          const keys = settingsKeys(path, project.readText(path) ?? '');
          for (const { name } of keys) declared.add(name);
          hasEnvironmentSample ||= /env/.test(posix.basename(path));
          if (isLoaded(project, path)) reportKeys(project, path, keys, report);
          else reportFile(path, report);
        }
        if (hasEnvironmentSample) reportVariables(project, variables, declared, report);
      },
    };
  },
};

/** Whether any source or script names the file, or lists the folder it is in. Samples are for people to copy. */
function isLoaded({ vocabulary, isMentionedElsewhere }: Project, path: string): boolean {
  const name = posix.basename(path);
  if (/env|example|sample|template|default|dist/i.test(name)) return true;
  const stem = name.replace(/\.\w+$/, '');
  const isNamed =
    vocabulary.segments.has(name) || vocabulary.segments.has(stem) || isMentionedElsewhere(stem);
  return isNamed || (vocabulary.listsFolders && vocabulary.segments.has(posix.basename(posix.dirname(path))));
}

function reportFile(path: string, report: Report): void {
  report({
    place: { path, line: 1, symbol: '' },
    claim: `No source names the file \`${posix.basename(path)}\`.`,
  });
}

function reportKeys(project: Project, path: string, keys: readonly SettingsKey[], report: Report): void {
  const { vocabulary } = project;
  const isRead = ({ name }: SettingsKey) =>
    spellings(name).some((one) => vocabulary.reads.has(one)) || project.isMentionedElsewhere(name);
  // Keys that are mostly unknown are data: names of roles, hosts, people.
  if (keys.filter(isRead).length < keys.length / 2) return;
  const reported = new Set<string>();
  for (const key of keys) {
    const { name, sections, line } = key;
    if (isRead(key) || sections.some((section) => vocabulary.handedOut.has(section)) || reported.has(name))
      continue;
    reported.add(name);
    const full = [...sections, name].join('.');
    report({ place: { path, line, symbol: full }, claim: `No code reads the key \`${full}\`.` });
  }
}

/** `max_rows` is read as `max_rows`, `maxRows` or `MAX_ROWS`. */
function spellings(name: string): readonly string[] {
  const snake = name.replaceAll('-', '_');
  return [
    name,
    snake,
    snake.toLowerCase().replaceAll(/_([a-z\d])/g, (_all, letter: string) => letter.toUpperCase()),
  ];
}

/** `process.env.NAME`, `env.NAME`, `import.meta.env.NAME` */
function environmentReads(file: ParsedSource): readonly { readonly name: string; readonly place: Place }[] {
  return file.nodesOf('MemberExpression').flatMap((member) => {
    const isEnvironment = /(?:^|\.)(?:env|environment)$/.test(file.textOf(member.object));
    if (!isEnvironment) return [];
    const name = member.computed
      ? member.property.type === 'Literal'
        ? String(member.property.value)
        : ''
      : file.textOf(member.property);
    return /^[A-Z][A-Z\d_]{2,}$/.test(name) ? [{ name, place: placeOf(file, member) }] : [];
  });
}

function reportVariables(
  project: Project,
  variables: readonly { readonly name: string; readonly place: Place }[],
  declared: ReadonlySet<string>,
  report: Report,
): void {
  const documents = project.paths
    .filter((path) => /\.mdx?$/.test(path))
    .map((path) => project.readText(path) ?? '')
    .join('\n');
  const reported = new Set<string>();
  for (const { name, place } of variables) {
    const isTold = declared.has(name) || WELL_KNOWN.test(name) || documents.includes(name);
    if (isTold || project.isMentionedElsewhere(name) || reported.has(name)) continue;
    reported.add(name);
    report({
      place,
      claim: `\`${name}\` is read from the environment, and no sample or document names it.`,
      severity: 'note',
      remedy: 'Add it to the sample with its meaning.',
    });
  }
}

/** Set by systems and tools rather than by who runs the program. */
const WELL_KNOWN =
  /^(?:NODE_\w+|CI|HOME|PATH|PWD|USER|SHELL|TERM|TZ|LANG|DEBUG|EDITOR|TMPDIR|TEMP|TMP|HOSTNAME|NO_COLOR|FORCE_COLOR|npm_\w+|GITHUB_\w+|VITEST\w*|JEST\w*|XDG_\w+|VERCEL\w*|HTTPS?_PROXY|NO_PROXY|DEV|PROD|MODE|SSR|BASE_URL|APPDATA|COLUMNS|SSH_\w+|WSL_\w+|SYSTEMROOT)$/;
