/**
 * How one operation is reached over HTTP. Data, not code: rooms list them in `routes.ts`, the gateway serves them and
 * makes the OpenAPI document of them. Path parameters, listed query parameters, listed headers, form fields and JSON
 * body members are merged into the operation's one input object (a name given twice is refused); text from path,
 * query, header and form is turned into the type the input schema asks for.
 */
export interface HttpRoute {
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** `/catalog/datasets/by-name/{name}`; a last `{*key}` takes the rest of the path, slashes included. */
  readonly path: string;
  /** `json`: an object. `raw`: the request's bytes are the content. `multipart-or-raw`: form fields then the part `file`. */
  readonly body: 'none' | 'json' | 'raw' | 'multipart-or-raw';
  readonly query?: readonly string[];
  /** Lower-case header name → input member. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The rest of the path is a name, in which clients of model providers write a slash as `%2F`; elsewhere that is refused. */
  readonly encodedSlashes?: true;
  /** Shown in the documentation; 200 where absent. The operation's own `status` wins. */
  readonly successStatus?: number;
  /** Refusals also carry `error: {message, type, code}`, for clients of model providers, which read nothing else. */
  readonly errorMember?: true;
  /** Media types of a streamed answer, for the documentation. */
  readonly streams?: readonly string[];
}
