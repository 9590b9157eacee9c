import { z } from 'zod';

/** Text that says something: an empty variable would name the home itself, or every address of the machine. */
const nonEmpty = z.string().min(1, 'May not be empty');

/**
 * The whole configuration of `lakehouse.toml`, with its defaults. Names here are the names in the file; a key whose
 * reader is missing fails test/config.test.ts. Units are in the name.
 */
export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: nonEmpty.default('127.0.0.1').describe('Address to listen on.'),
      port: z.int().min(0).max(65535).default(8080).describe('Port to listen on; 0 takes a free one.'),
      allowed_hosts: z
        .array(z.string())
        .default(['localhost', '127.0.0.1', '[::1]'])
        .describe('Host header names that are answered; others get 421.'),
      allowed_origins: z.array(z.string()).default([]).describe('Web origins that may call this server.'),
      trusted_proxies: z
        .array(z.string())
        .default([])
        .describe('Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed.'),
      json_body_limit_bytes: z.int().min(1024).default(4_194_304).describe('Largest JSON request body.'),
      request_timeout_ms: z.int().min(1000).default(3_600_000).describe('Longest time to receive a request.'),
      headers_timeout_ms: z.int().min(100).default(15_000).describe('Longest time to receive the headers.'),
      upload_idle_timeout_ms: z
        .int()
        .min(100)
        .default(60_000)
        .describe('An upload that sends no byte for this long is refused.'),
      slow_reader_timeout_ms: z
        .int()
        .min(100)
        .default(30_000)
        .describe('A client that takes no byte for this long is disconnected.'),
      shutdown_grace_ms: z.int().min(0).default(20_000).describe('Time in-flight requests get at shutdown.'),
      rate_limit_per_minute: z
        .int()
        .min(0)
        .default(60_000)
        .describe('Requests per key and minute; 0 for no limit.'),
      max_connections: z.int().min(1).default(5_000).describe('Open connections at most.'),
    })
    .prefault({}),
  auth: z
    .strictObject({
      enabled: z.boolean().default(true).describe('false answers without a key, on a loopback address only.'),
      environment: z
        .string()
        .regex(/^[a-z]{2,8}$/)
        .default('live')
        .describe('The <env> part of the keys this server makes.'),
      rotation_overlap_s: z.int().min(0).default(86_400).describe('How long a rotated key still works.'),
      delegation_ttl_s: z
        .int()
        .min(1)
        .max(86_400)
        .default(900)
        .describe('Longest life of a delegation token.'),
    })
    .prefault({}),
  storage: z
    .strictObject({
      default_bucket: z.string().default('default').describe('The bucket used where none is named.'),
      buckets: z
        .record(
          z.string().regex(/^[a-z0-9][a-z0-9-]{1,62}$/),
          z.strictObject({
            path: nonEmpty.describe('Folder of the bucket; relative to the home.'),
          }),
        )
        .default({ default: { path: 'buckets/default' } })
        .describe('Named buckets.'),
      max_object_bytes: z.int().min(1).default(5_368_709_120).describe('Largest object a PUT may make.'),
      min_free_bytes: z
        .int()
        .min(0)
        .default(67_108_864)
        .describe('Writes are refused below this much free disk.'),
    })
    .prefault({}),
  engine: z
    .strictObject({
      processes: z
        .int()
        .min(1)
        .max(64)
        .default(2)
        .describe('Engine processes for queries, each running one.'),
      small_processes: z.int().min(0).max(64).default(1).describe('Processes kept for small queries.'),
      small_query_bytes: z
        .int()
        .min(0)
        .default(33_554_432)
        .describe('Planned bytes up to which a query is small.'),
      threads: z
        .int()
        .min(1)
        .max(256)
        .default(2)
        .describe('Threads of one engine process; the smallest queries run on one.'),
      memory_limit_mb: z.int().min(64).default(1024).describe('Buffer memory of one query.'),
      process_memory_mb: z
        .int()
        .min(128)
        .default(3072)
        .describe('Resident memory at which a process is killed.'),
      timeout_ms: z
        .int()
        .min(1)
        .default(60_000)
        .describe('Longest time of a query that asks for none: its wait for a process and its run.'),
      max_timeout_ms: z.int().min(1).default(600_000).describe('Longest time a query may ask for.'),
      queue_length: z.int().min(0).default(64).describe('Queries that may wait for a process; more get 429.'),
      queue_timeout_ms: z.int().min(1).default(30_000).describe('Longest wait for a process.'),
      spill_limit_mb: z.int().min(0).default(4096).describe('Disk a query may spill to; 0 for none.'),
    })
    .prefault({}),
  query: z
    .strictObject({
      max_sql_bytes: z.int().min(1).default(262_144).describe('Longest SQL text.'),
      max_ast_nodes: z.int().min(1).default(20_000).describe('Largest parsed statement.'),
      default_limit: z
        .int()
        .min(1)
        .default(10_000)
        .describe('Rows answered as JSON where no limit is asked for.'),
      max_limit: z.int().min(1).default(1_000_000).describe('Largest limit a JSON answer may ask for.'),
    })
    .prefault({}),
  catalog: z
    .strictObject({
      cache_mb: z.int().min(0).default(128).describe('Parsed table metadata kept in memory; 0 for none.'),
      orphan_grace_s: z
        .int()
        .min(0)
        .default(86_400)
        .describe('Age at which a warehouse file that no dataset names is swept.'),
    })
    .prefault({}),
  ingest: z
    .strictObject({
      max_bytes: z.int().min(1).default(107_374_182_400).describe('Largest upload.'),
      max_expansion: z.int().min(1).default(200).describe('Decompressed bytes per compressed byte at most.'),
      max_rows: z.int().min(1).default(2_000_000_000).describe('Most rows of one upload.'),
      max_columns: z.int().min(1).default(2_000).describe('Most columns of a dataset.'),
      max_row_bytes: z.int().min(1).default(16_777_216).describe('Longest row.'),
      max_depth: z.int().min(1).default(32).describe('Deepest nesting of JSON.'),
      sample_rows: z.int().min(1).default(3_000).describe('Rows looked at for personal data.'),
      processes: z.int().min(1).max(16).default(1).describe('Engine processes for ingest.'),
      memory_limit_mb: z.int().min(64).default(384).describe('Buffer memory of one ingest.'),
      timeout_ms: z.int().min(1).default(3_600_000).describe('Longest run of one step of an ingest.'),
    })
    .prefault({}),
  journal: z
    .strictObject({
      checkpoint_every_events: z.int().min(1).default(1_000).describe('Events between signed checkpoints.'),
      checkpoint_every_s: z.int().min(1).default(300).describe('Seconds between signed checkpoints.'),
      heads_file: nonEmpty
        .default('journal-heads.ndjson')
        .describe('Where checkpoint heads are also written; relative to the home. Best on another disk.'),
      retention_days: z.int().min(0).default(0).describe('Days events are kept; 0 for ever.'),
    })
    .prefault({}),
  audit: z
    .strictObject({
      retention_days: z.int().min(0).default(400).describe('Days audit rows are kept; 0 for ever.'),
    })
    .prefault({}),
  idempotency: z
    .strictObject({
      retention_hours: z.int().min(1).default(24).describe('Hours a key is remembered.'),
    })
    .prefault({}),
  truth: z
    .strictObject({
      rules_file: nonEmpty.default('truth.toml').describe('Truth rules; relative to the home.'),
    })
    .prefault({}),
  tools: z
    .strictObject({
      folder: nonEmpty.default('tools').describe('Tool files, one tool each; relative to the home.'),
    })
    .prefault({}),
  scrum: z
    .strictObject({
      prompts_folder: nonEmpty
        .default('prompts')
        .describe('Review prompts; relative to the home. One that is missing there is the shipped one.'),
      retention_days: z
        .int()
        .min(1)
        .default(180)
        .describe('Days that suggestions, trials, expired overrides and abandoned iterations are kept.'),
    })
    .prefault({}),
  access: z
    .strictObject({
      policy_file: nonEmpty
        .default('access.toml')
        .describe('Policy applied at first start; relative to the home.'),
    })
    .prefault({}),
  models: z
    .strictObject({
      routing_file: nonEmpty
        .default('routing.toml')
        .describe(
          'Where model requests go; relative to the home. Under this name it may be missing: then the shipped one holds.',
        ),
      catalogue_file: z
        .string()
        .default('')
        .describe(
          'Windows, prices and capabilities of models; relative to the home. Empty for the shipped one.',
        ),
      max_continuations: z
        .int()
        .min(0)
        .max(16)
        .default(3)
        .describe('Calls that may continue one cut-off answer of POST /v1/chat.'),
      max_answer_tokens: z
        .int()
        .min(1)
        .default(65_536)
        .describe('Output tokens of one answer of POST /v1/chat, continuations included.'),
      max_answer_usd: z
        .number()
        .min(0)
        .max(10_000)
        .default(1)
        .describe('Dollars from which an answer of POST /v1/chat is not continued.'),
      providers: z
        .record(
          z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
          z.strictObject({
            kind: z
              .enum(['openai-compatible', 'anthropic', 'ollama'])
              .describe('What the service speaks: openai-compatible, anthropic or ollama.'),
            base_url: z
              .string()
              .default('')
              .describe('Address of the service; empty for the usual one of its kind.'),
            api_key_env: z
              .string()
              .regex(/^([A-Za-z_][A-Za-z0-9_]*)?$/, 'Must be the name of a variable, not the key itself')
              .default('')
              .describe('Environment variable that holds the key; empty for none.'),
            api_key_file: z
              .string()
              .default('')
              .describe('File that holds the key, of mode 0600; relative to the home. Empty for none.'),
            allow_private_addresses: z
              .boolean()
              .default(false)
              .describe('Whether the address may be of this machine or a private network.'),
            headers_timeout_ms: z
              .int()
              .min(100)
              .default(120_000)
              .describe('Longest wait for the head of an answer.'),
            idle_timeout_ms: z
              .int()
              .min(100)
              .default(120_000)
              .describe('An answer that sends no byte for this long is given up.'),
            total_timeout_ms: z.int().min(100).default(900_000).describe('Longest time of one answer.'),
            max_response_bytes: z.int().min(1024).default(67_108_864).describe('Largest answer.'),
          }),
        )
        .default({})
        .describe('Services that run models, by name.'),
    })
    .prefault({}),
  observer: z
    .strictObject({
      escalations_file: nonEmpty
        .default('observer.toml')
        .describe(
          'Which events add up to an escalation; relative to the home. Under this name it may be missing: then the shipped one holds.',
        ),
      retention_days: z.int().min(0).default(30).describe('Days events are kept; 0 for ever.'),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      otlp_traces_url: z
        .union([z.literal(''), z.url({ protocol: /^https?$/ })])
        .default('')
        .describe(
          'Where spans of model calls go, as OTLP over HTTP: http://127.0.0.1:4318/v1/traces, or Langfuse’s /api/public/otel/v1/traces. Empty for nowhere.',
        ),
      headers_env: z
        .string()
        .default('')
        .describe('Environment variable with headers for it, name=value between commas; empty for none.'),
      service_name: z
        .string()
        .min(1)
        .max(64)
        .default('lakehouse')
        .describe('What the spans call this server.'),
    })
    .prefault({}),
  metastore: z
    .strictObject({
      commit_timeout_ms: z
        .int()
        .min(50)
        .default(1_500)
        .describe('A commit that takes longer is refused with 503.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .describe('Least level.'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
