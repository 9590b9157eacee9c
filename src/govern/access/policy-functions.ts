/**
 * The functions a policy's SQL may call: scalar, without side effects, without access to files, settings or other
 * tables. Operators are functions to the engine's parser (`~~` is LIKE). Everything else is refused when the policy
 * is applied.
 */
export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set([
  // Arithmetic and text operators.
  ...['+', '-', '*', '/', '//', '%', '||', '&', '|', '~~', '!~~', '~~*', '!~~*'],
  // Pattern matching.
  ...['like_escape', 'not_like_escape', 'ilike_escape', 'not_ilike_escape'],
  ...['regexp_full_match', 'regexp_matches', 'regexp_extract', 'regexp_replace'],
  // Text.
  ...['lower', 'upper', 'lcase', 'ucase', 'trim', 'ltrim', 'rtrim', 'length', 'len', 'strlen', 'reverse'],
  ...['substring', 'substr', 'left', 'right', 'concat', 'concat_ws', 'replace', 'split_part', 'lpad', 'rpad'],
  ...['contains', 'prefix', 'suffix', 'starts_with', 'ends_with', 'position', 'strpos', 'instr'],
  ...['md5', 'sha1', 'sha256', 'strip_accents'],
  // Numbers.
  ...['abs', 'ceil', 'ceiling', 'floor', 'round', 'trunc', 'sign', 'mod', 'greatest', 'least'],
  // Null handling.
  ...['nullif', 'ifnull', 'coalesce'],
  // Dates and times.
  ...['date_part', 'datepart', 'date_trunc', 'datetrunc', 'date_diff', 'datediff', 'year', 'month', 'day'],
  ...['quarter', 'week', 'hour', 'minute', 'strftime', 'make_date', 'age', 'last_day', 'today', 'now'],
  ...['to_years', 'to_months', 'to_weeks', 'to_days', 'to_hours', 'to_minutes', 'to_seconds'],
  // Lists and structs.
  ...[
    'list_value',
    'list_contains',
    'list_has',
    'array_contains',
    'array_has',
    'list_has_any',
    'list_has_all',
  ],
  ...['array_length', 'list_extract', 'array_extract', 'struct_extract', 'struct_pack', 'row'],
]);
