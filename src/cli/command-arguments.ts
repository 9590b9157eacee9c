import { InvalidArgumentError } from 'commander';

/** A whole number of 0 or more, as an option's value. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** `name=value`, several times, as one object. */
export function collectPairs(
  text: string,
  earlier: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(text);
  if (match?.[1] === undefined) throw new InvalidArgumentError('It must look like name=value.');
  if (Object.hasOwn(earlier, match[1])) throw new InvalidArgumentError(`${match[1]} is given twice.`);
  return { ...earlier, [match[1]]: match[2] ?? '' };
}

/** The same option several times, as a list. */
export function collectTexts(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text];
}
