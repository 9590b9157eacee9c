import { declareErrors } from '../base/index.ts';

export const gatewayErrors = declareErrors('gateway', {
  address_unusable: {
    kind: 'unavailable',
    title: 'The server cannot listen there',
    remedy:
      'End what listens there, or give `lakehouse serve` another --port (0 takes a free one) or --host.',
  },
  route_not_found: {
    kind: 'not_found',
    title: 'No such address',
    remedy: 'Look the address up in /openapi.json.',
  },
  method_not_allowed: {
    kind: 'method_not_allowed',
    title: 'Method not allowed here',
    remedy: 'Use one of the methods the Allow header names.',
  },
  bad_url: {
    kind: 'invalid',
    title: 'Malformed address',
    remedy: 'Percent-encode the path once, without encoded slashes or NUL.',
  },
  bad_request: {
    kind: 'invalid',
    title: 'Malformed HTTP request',
    remedy: 'Send a well-formed HTTP/1.1 request.',
  },
  headers_timeout: {
    kind: 'request_timeout',
    title: 'The request took too long to arrive',
    remedy: 'Send the request without pauses; see server.headers_timeout_ms.',
    retryable: true,
  },
  headers_too_large: {
    kind: 'too_large',
    title: 'Headers too large',
    remedy: 'Send fewer or shorter headers.',
  },
  host_not_allowed: {
    kind: 'misdirected',
    title: 'Host not served here',
    remedy: 'Call the server by a name in server.allowed_hosts, or add the name there.',
  },
  origin_not_allowed: {
    kind: 'forbidden',
    title: 'Web origin not allowed',
    remedy: 'Call from a program, or add the web origin to server.allowed_origins.',
  },
  parameter_repeated: {
    kind: 'invalid',
    title: 'Parameter given twice',
    remedy: 'Give each name once: in the path, the query, a header, the form or the body.',
  },
  parameter_unknown: {
    kind: 'invalid',
    title: 'Unknown query parameter',
    remedy: 'Use the names that /openapi.json lists for this address.',
  },
  unexpected_body: {
    kind: 'invalid',
    title: 'This address takes no body',
    remedy: 'Send the request without a body.',
  },
  unsupported_body: {
    kind: 'unsupported',
    title: 'Body of a type this address does not take',
    remedy: 'Set Content-Type to what /openapi.json names for this address.',
  },
  body_encoded: {
    kind: 'unsupported',
    title: 'Encoded request bodies are not taken here',
    remedy: 'Send the body without Content-Encoding.',
  },
  digest_invalid: {
    kind: 'invalid',
    title: 'A digest header is not well-formed',
    remedy:
      'Write Content-Digest or Repr-Digest as RFC 9530 has it, with sha-256 or sha-512, or leave it out.',
  },
  digest_mismatch: {
    kind: 'invalid',
    title: 'The body is not what its digest says',
    remedy:
      'Send the body again; where it keeps happening, compute the digest over the bytes as they are sent.',
    retryable: true,
  },
  malformed_json: {
    kind: 'invalid',
    title: 'The body is not the JSON expected here',
    remedy: 'Send one JSON object in UTF-8, integers beyond 2^53 as strings.',
  },
  body_too_large: {
    kind: 'too_large',
    title: 'Body too large',
    remedy: 'Send a smaller body, or raise server.json_body_limit_bytes.',
  },
  malformed_form: {
    kind: 'invalid',
    title: 'Malformed multipart form',
    remedy: 'Send form fields first and one part named `file` last.',
  },
  spool_full: {
    kind: 'storage_full',
    title: 'No room for the upload',
    remedy: 'Put the form fields before the file, or free disk space.',
    retryable: true,
  },
  upload_interrupted: {
    kind: 'cancelled',
    title: 'The upload ended early',
    remedy: 'Send the whole body again; nothing of this one was kept.',
    retryable: true,
  },
  upload_stalled: {
    kind: 'request_timeout',
    title: 'The upload stalled',
    remedy: 'Send the body without long pauses; see server.upload_idle_timeout_ms.',
    retryable: true,
  },
  mcp_message_invalid: {
    kind: 'invalid',
    title: 'Not a message of the Model Context Protocol',
    remedy: 'Send one JSON-RPC 2.0 request or notification as the body; batches are not taken.',
  },
  mcp_version_unsupported: {
    kind: 'invalid',
    title: 'Protocol version not spoken here',
    remedy: 'Send the MCP-Protocol-Version that the answer to `initialize` named.',
  },
  mcp_argument_unknown: {
    kind: 'invalid',
    title: 'Unknown argument',
    remedy: 'Use the arguments that the tool’s input schema names.',
  },
  mcp_result_too_large: {
    kind: 'too_large',
    title: 'The result is too large for a tool',
    remedy: 'Ask for fewer rows or columns, or aggregate; large results are streamed by POST /query/sql.',
  },
  rate_limited: {
    kind: 'rate_limited',
    title: 'Too many requests',
    remedy: 'Wait for the seconds in Retry-After; see server.rate_limit_per_minute.',
    retryable: true,
  },
  overloaded: {
    kind: 'unavailable',
    title: 'Too many request bodies at once',
    remedy: 'Wait for the seconds in Retry-After and send the request again.',
    retryable: true,
  },
  shutting_down: {
    kind: 'unavailable',
    title: 'The server is shutting down',
    remedy: 'Send the request again to the restarted server.',
    retryable: true,
  },
  internal: {
    kind: 'internal',
    title: 'Unexpected failure',
    remedy: 'A defect of lakehouse: report it with the request id.',
  },
});
