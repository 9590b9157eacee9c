import { declareErrors } from '../../base/index.ts';
import { sqlFailures } from '../engine/index.ts';

export const queryErrors = declareErrors('query', {
  ...sqlFailures,
  syntax: {
    kind: 'invalid',
    title: 'SQL syntax error',
    remedy: 'Correct the statement, at the line and column where they are given.',
  },
  not_a_query: {
    kind: 'invalid',
    title: 'Not one query',
    remedy: 'Send exactly one SELECT statement; data is changed through the ingest and catalog operations.',
  },
  too_large: {
    kind: 'too_large',
    title: 'The statement is too large',
    remedy: 'Shorten it; query.max_sql_bytes and query.max_ast_nodes set the limits.',
  },
  construct_refused: {
    kind: 'invalid',
    title: 'This SQL construct is not allowed',
    remedy:
      'Write the query without it; describing a dataset and its statistics have operations of their own.',
  },
  function_refused: {
    kind: 'invalid',
    title: 'This function is not allowed',
    remedy:
      'Use another function; the refused ones reach files, settings, other statements or the engine itself.',
  },
  unknown_function: {
    kind: 'invalid',
    title: 'Unknown function',
    remedy: 'Check the function’s name.',
  },
  parameter_invalid: {
    kind: 'invalid',
    title: 'Parameters do not fit the statement',
    remedy: 'Give each parameter of the statement once, by position ($1) or by name ($name), and no other.',
  },
  version_invalid: {
    kind: 'invalid',
    title: 'Not a version',
    remedy: 'Write AT (VERSION => <snapshot id>) or AT (TIMESTAMP => TIMESTAMP ’2026-01-31 12:00:00’).',
  },
  limit_invalid: {
    kind: 'invalid',
    title: 'The limit or time is too large',
    remedy: 'Ask for at most query.max_limit rows and engine.max_timeout_ms milliseconds.',
  },
  policy_unbound: {
    kind: 'forbidden',
    title: 'The policy cannot be applied to this version',
    remedy: 'Read a version that has the columns the row filter names, or ask the policy’s administrator.',
  },
  invalid_plan: {
    kind: 'invalid',
    title: 'The statement cannot be planned',
    remedy: 'Check names, grouping, subqueries and the number of columns.',
  },
  not_found: {
    kind: 'not_found',
    title: 'No such running query',
    remedy: 'It has ended, or the id is of another caller’s query.',
  },
  id_taken: {
    kind: 'conflict',
    title: 'A query of this id is running',
    remedy: 'Choose another query_id, or leave it out.',
  },
});
