import { CONTENT_TYPES, QUERY_FORMATS, type QueryFormat } from './run-query.ts';

/**
 * The form of rows that an `Accept` header likes best of those that are written here (RFC 9110, section 12.5.1): by
 * weight, then by order. JSON where it names none of them.
 */
export function wantedFormat(accept: string): QueryFormat {
  const wanted = accept.split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = weightOf(parameters);
    const format = formatOf(type);
    return format === undefined || weight === 0 ? [] : [{ format, weight }];
  });
  // The sort keeps the order of equals.
  return wanted.sort((a, b) => b.weight - a.weight)[0]?.format ?? 'json';
}

function formatOf(type: string): QueryFormat | undefined {
  if (type === '*/*' || type === 'application/*') return 'json';
  if (type === 'text/*') return 'csv';
  return QUERY_FORMATS.find((name) => CONTENT_TYPES[name].split(';')[0] === type);
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = given === undefined ? 1 : Number(given.slice(2));
  return Number.isFinite(weight) ? weight : 1;
}
