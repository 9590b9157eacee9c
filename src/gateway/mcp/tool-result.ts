import { escapedJson, escapedText, type LakeError } from '../../base/index.ts';
import type { ToolResult } from './sdk-server.ts';

/**
 * An operation's answer as a tool's result: the value itself, and compact text for a model. Rows become one JSON array a
 * line under their columns, so that a cell can neither end its line nor look like anything but a JSON value.
 */
export function answeredResult(value: Readonly<Record<string, unknown>>): ToolResult {
  return { content: [{ type: 'text', text: textOf(value) }], structuredContent: { ...value } };
}

/**
 * A refusal as a tool's result, worded for a model: what was wrong, what to do, whether to try again. A detail never holds
 * a row value, policy text or a stack trace.
 */
export function refusedResult(error: LakeError, requestId: string): ToolResult {
  const { code, detail } = error;
  const { remedy, retryable } = error.errorCode;
  const { errors, ...facts } = error.data;
  const mistakes = Array.isArray(errors) ? errors : [];
  const lines = [
    `Refused: ${code}`,
    detail,
    ...mistakes.map((mistake) => escapedJson(mistake)),
    ...(Object.keys(facts).length === 0 ? [] : [escapedJson(facts)]),
    `What to do: ${remedy}`,
    retryable ? 'The same call may succeed later.' : 'The same call will be refused again.',
    `Request: ${requestId}`,
  ];
  return {
    isError: true,
    content: [{ type: 'text', text: escapedText(lines.join('\n')) }],
    structuredContent: { ...facts, code, detail, remedy, retryable, errors: mistakes, request_id: requestId },
  };
}

function textOf(value: Readonly<Record<string, unknown>>): string {
  const { columns, rows, ...facts } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return escapedJson(value);
  const names = columns.map((column) => String(column?.name));
  return [
    escapedJson(facts),
    escapedJson(names),
    ...rows.map((row) => escapedJson(names.map((name) => row?.[name] ?? null))),
  ].join('\n');
}
