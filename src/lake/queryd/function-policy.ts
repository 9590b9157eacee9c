/** Why a function of the engine is refused in queries. Read by the generator of the allow-list and shown to callers. */
export const REFUSAL_REASONS = {
  engine: 'it works on the engine’s own structures',
  file: 'it reaches files or the network',
  'private-name': 'it is an internal name of the engine',
  session: 'it tells about the engine’s session, which is not the caller’s',
  setting: 'it reads or changes settings or variables',
  sql: 'it runs or describes SQL of its own, past the policy',
  statistics: 'it shows statistics of stored values, past the policy',
  table: 'only range, generate_series and unnest are allowed as tables',
  time: 'it only spends time',
} as const;
export type RefusalReason = keyof typeof REFUSAL_REASONS;

/** Table functions that read nothing. */
export const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(['generate_series', 'range', 'unnest']);

/** Functions the engine knows in its parser and not in its catalogue. */
export const BUILT_IN: readonly string[] = [
  'coalesce',
  'grouping',
  'grouping_id',
  'ifnull',
  'unnest',
  'unpack',
  'list_value',
];

const REFUSED: readonly (readonly [RefusalReason, RegExp])[] = [
  ['private-name', /^__internal|^icu_collate_|^icu_sort_key$|_byte_comparable$|^!__postfix$/],
  [
    'engine',
    /^(add_parquet_key|can_cast_implicitly|cast_to_type|combine|constant_or_null|create_sort_key|finalize)$/,
  ],
  [
    'engine',
    /^(error|get_type|make_type|parse_duckdb_log_message|remap_struct|replace_type|vector_type|write_log)$/,
  ],
  ['engine', /^(variant_bytes_to_variant|variant_normalize|variant_to_parquet_variant|get_block_size)$/],
  [
    'sql',
    /^(json_serialize_plan|json_serialize_sql|json_deserialize_sql|json_execute_serialized_sql|query|query_table)$/,
  ],
  ['setting', /^(current_setting|getenv|getvariable|setseed|nextval|currval)$/],
  [
    'session',
    /^(current_(catalog|connection_id|database|query|query_id|role|schema|schemas|transaction_id|user))$/,
  ],
  ['session', /^(in_search_path|session_user|txid_current|user|version)$/],
  [
    'session',
    /^(pg_|has_|inet_|col_description$|obj_description$|shobj_description$|format_pg_type$|format_type$|map_to_pg_oid$)/,
  ],
  ['statistics', /^(stats|summary)$/],
  ['time', /^(sleep_ms|pg_sleep)$/],
  ['file', /^(read_|parquet_|sniff_|glob$|arrow_scan|seq_scan$|which_secret$)/],
];

/** Why a scalar, aggregate or macro is refused; null where it may be used. */
export function refusalReason(name: string): RefusalReason | null {
  return REFUSED.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}
