// The closed lists of test/architecture.test.ts: every exception to a rule of the architecture, with its reason. A path
// ends in `/` where the exception holds for the folder.

export interface Exception {
  readonly path: string;
  readonly reason: string;
}

/** Modules only the named files may import. A pattern ending in `*` stands for every name that starts so. */
export const RESTRICTED_MODULES: readonly {
  readonly modules: readonly string[];
  readonly allowed: readonly Exception[];
}[] = [
  {
    modules: ['node:fs', 'node:fs/promises', 'fs', 'fs/promises'],
    allowed: [
      { path: 'src/config/load-config.ts', reason: 'reads lakehouse.toml' },
      { path: 'src/metastore/sqlite-metastore.ts', reason: 'makes the store file and its backup copy' },
      { path: 'src/govern/access/key-files.ts', reason: 'the pepper and mask keys of the home' },
      { path: 'src/govern/truth/rule-book.ts', reason: 'reads the rules file' },
      { path: 'src/ai/tools/tool-book.ts', reason: 'reads the tool files' },
      { path: 'src/lake/journald/heads-file.ts', reason: 'checkpoint heads kept outside the store' },
      { path: 'src/lake/journald/checkpoint-key.ts', reason: 'the signing key of the home' },
      { path: 'src/lake/engine/', reason: 'private spill and pipe files of the engine processes' },
      { path: 'src/lake/catalogd/warehouse.ts', reason: 'the one file that touches warehouse files' },
      { path: 'src/lake/storaged/', reason: 'the room that is the object store' },
      { path: 'src/ai/aibridge/catalogue/catalogue-file.ts', reason: 'reads models.json' },
      { path: 'src/ai/aibridge/routing/routing-table.ts', reason: 'reads routing.toml' },
      { path: 'src/review/observer/escalation-rules.ts', reason: 'reads observer.toml' },
      { path: 'src/review/scrum/review-prompts.ts', reason: 'reads the review prompts' },
      { path: 'src/ai/aibridge/configured-providers.ts', reason: 'reads the key files of providers' },
      { path: 'src/gateway/upload-spool.ts', reason: 'a body that must be read twice waits on disk' },
      { path: 'src/home/', reason: 'the room that is the home folder' },
      { path: 'src/wiring/start-records.ts', reason: 'reads the policy file at the start' },
      { path: 'src/review/inspect/tree-files.ts', reason: 'reads the tree under review' },
      { path: 'src/review/inspect/inspect-tree.ts', reason: 'finds where the tree really is' },
      {
        path: 'src/review/inspect/findings-since.ts',
        reason: 'writes the tree as it was to a folder of its own',
      },
      {
        path: 'src/review/auditor/change/scratch-tree.ts',
        reason: 'writes the audited tree to a folder of its own',
      },
      { path: 'src/review/auditor/audit.ts', reason: 'finds where the audited tree really is' },
      { path: 'src/review/auditor/run/runnable-tree.ts', reason: 'lends a run what was installed' },
      { path: 'src/review/auditor/run/confinement.ts', reason: 'finds the real folders that a run may see' },
      { path: 'src/package-version.ts', reason: 'reads package.json' },
      { path: 'src/cli/', reason: 'reads the files a user names, writes the answers a user asks for' },
    ],
  },
  {
    modules: ['node:sqlite', 'better-sqlite3', 'pg'],
    allowed: [
      { path: 'src/metastore/sqlite-connection.ts', reason: 'the adapter of the embedded store' },
      { path: 'src/metastore/home-lock.ts', reason: 'one server per home, held by a lock of SQLite' },
    ],
  },
  {
    modules: ['@duckdb/*'],
    allowed: [
      { path: 'src/lake/engine/duckdb-instance.ts', reason: 'the adapter of the engine' },
      { path: 'src/lake/engine/duckdb-statement.ts', reason: 'how its statements are bound and run' },
      { path: 'src/lake/engine/short-answer.ts', reason: 'its short answers, fetched as values' },
      { path: 'src/lake/engine/streamed-statement.ts', reason: 'its statements whose rows leave as bytes' },
      { path: 'src/lake/engine/json-row.ts', reason: 'the engine’s value types as JSON' },
      { path: 'src/lake/engine/json-value.ts', reason: 'the engine’s value types as JSON' },
    ],
  },
  {
    modules: ['undici'],
    allowed: [
      { path: 'src/cli/patient-fetch.ts', reason: 'the command line waits as long as the server takes' },
      {
        path: 'src/ai/aibridge/transport/http-transport.ts',
        reason: 'the adapter of calls to model providers',
      },
    ],
  },
  {
    modules: ['node:child_process', 'child_process'],
    allowed: [
      { path: 'src/lake/engine/', reason: 'engine processes are children' },
      { path: 'src/cli/demo/demo-server.ts', reason: 'the demo runs a real server' },
      { path: 'src/review/inspect/git.ts', reason: 'git knows which files belong to a repository' },
      { path: 'src/review/auditor/change/git-repository.ts', reason: 'git knows what a commit changed' },
      {
        path: 'src/review/auditor/run/confined-process.ts',
        reason: 'runs the tests a claim names, confined',
      },
      { path: 'src/review/auditor/run/confinement.ts', reason: 'tries what this system can confine by' },
    ],
  },
  {
    modules: ['node:worker_threads', 'worker_threads'],
    allowed: [{ path: 'src/metastore/', reason: 'a hung fsync must not stop the event loop' }],
  },
  { modules: ['node:vm', 'vm', 'node:repl', 'node:inspector*'], allowed: [] },
  {
    modules: ['node:v8', 'v8'],
    allowed: [
      { path: 'src/cli/commands/serve.ts', reason: 'one flag of the collector, before the server is loaded' },
    ],
  },
  {
    modules: ['smol-toml'],
    allowed: [{ path: 'src/config/checked-toml.ts', reason: 'the adapter of TOML' }],
  },
  {
    modules: ['oxc-parser'],
    allowed: [
      { path: 'src/review/inspect/syntax/parsed-source.ts', reason: 'the adapter of the parser' },
      { path: 'src/review/inspect/syntax/syntax-node.ts', reason: 'the types of its nodes' },
    ],
  },
  {
    modules: ['oxc-resolver'],
    allowed: [{ path: 'src/review/inspect/graph/module-resolver.ts', reason: 'the adapter of the resolver' }],
  },
  {
    modules: ['@ast-grep/*'],
    allowed: [{ path: 'src/review/inspect/rust/rust-node.ts', reason: 'the adapter of Rust syntax' }],
  },
  {
    modules: ['re2js'],
    allowed: [{ path: 'src/govern/truth/linear-regex.ts', reason: 'the adapter of RE2' }],
  },
  {
    modules: ['@opentelemetry/*'],
    allowed: [{ path: 'src/telemetry/', reason: 'the adapter of OpenTelemetry' }],
  },
  {
    modules: ['gpt-tokenizer*'],
    allowed: [{ path: 'src/ai/aibridge/catalogue/o200k.ts', reason: 'the adapter of the tokenizer' }],
  },
  { modules: ['pino'], allowed: [{ path: 'src/base/log.ts', reason: 'the adapter of the log' }] },
  { modules: ['avsc'], allowed: [{ path: 'src/lake/catalogd/iceberg/', reason: 'manifests are Avro' }] },
  {
    modules: ['fastify', '@fastify/*', 'fastify-plugin'],
    allowed: [{ path: 'src/gateway/', reason: 'the room that is HTTP' }],
  },
  {
    modules: ['@modelcontextprotocol/*'],
    allowed: [
      { path: 'src/gateway/mcp/sdk-server.ts', reason: 'the adapter of the protocol’s server' },
      { path: 'src/cli/mcp/stdio-link.ts', reason: 'the adapter of its standard input and output' },
    ],
  },
  {
    modules: ['prom-client'],
    allowed: [{ path: 'src/gateway/metrics.ts', reason: 'the adapter of the metrics' }],
  },
  {
    modules: ['commander', 'picocolors', 'cli-progress', 'cli-table3'],
    allowed: [{ path: 'src/cli/', reason: 'the terminal' }],
  },
];

/** Files that start by themselves and so may act when imported; nothing imports them. */
export const ENTRY_FILES: readonly Exception[] = [
  { path: 'src/cli/lakehouse.ts', reason: 'the command' },
  { path: 'src/metastore/sqlite-writer.ts', reason: 'worker thread' },
  { path: 'src/metastore/sqlite-reader.ts', reason: 'worker thread' },
  { path: 'src/lake/engine/child.ts', reason: 'engine process' },
];

/** Besides config/ and main.ts. */
export const ENVIRONMENT_READERS: readonly Exception[] = [
  {
    path: 'src/cli/lakehouse.ts',
    reason: 'the entry of the program: hands the environment on as a parameter',
  },
];

/** Files of the command line that may enter rooms instead of speaking HTTP. */
export const LOCAL_COMMANDS: readonly Exception[] = [
  { path: 'src/cli/program.ts', reason: 'prints the version of the package' },
  { path: 'src/cli/commands/init.ts', reason: 'makes a home' },
  { path: 'src/cli/commands/serve.ts', reason: 'starts the server' },
  { path: 'src/cli/commands/demo.ts', reason: 'starts the server over a fresh home' },
  { path: 'src/cli/demo/', reason: 'starts the server over a fresh home' },
  { path: 'src/cli/commands/config.ts', reason: 'checks a configuration without a server' },
  { path: 'src/cli/commands/journal.ts', reason: 'offline verify' },
  { path: 'src/cli/commands/keys-recover.ts', reason: 'recovers the admin key of a home one owns' },
  { path: 'src/cli/commands/review.ts', reason: 'reviews a folder without a server' },
  { path: 'src/cli/commands/auditor.ts', reason: 'audits a repository without a server' },
  { path: 'src/cli/scrum/', reason: 'reads the tree, and tries changes, where it lies' },
  { path: 'src/cli/commands/kb.ts', reason: 'reads and writes rows as lines of a file' },
  { path: 'src/cli/kb/', reason: 'reads and writes rows as lines of a file' },
  { path: 'src/cli/commands/backup.ts', reason: 'copies a home and puts it back' },
  { path: 'src/cli/local-home.ts', reason: 'finds the home the local commands work on' },
];

/** `path#export` of exported values that no production code imports, or that index.ts offers to no one. */
export const EXPORTS_WITHOUT_CALLER: readonly Exception[] = [];

/** Files that cast through `unknown`, each where a declaration cannot say what is known to hold. */
export const CASTS_THROUGH_UNKNOWN: readonly Exception[] = [
  { path: 'src/govern/access/expression-parser.ts', reason: 'JSON.rawJSON is not declared' },
  { path: 'src/lake/catalogd/iceberg/table-metadata.ts', reason: 'JSON.rawJSON is not declared' },
  { path: 'src/lake/queryd/syntax-tree.ts', reason: 'JSON.rawJSON is not declared' },
  { path: 'src/lake/ingestd/data-file.ts', reason: 'the engine types no row of RETURN_STATS' },
  {
    path: 'src/lake/journald/append-event.ts',
    reason: 'a placeholder stands for a column value while a query compiles',
  },
  { path: 'src/lake/journald/checkpoint.ts', reason: 'every member was checked in the lines above' },
];
