import type { CliContext } from './cli-context.ts';

/** Prints a result: as JSON for scripts, as `render` draws it for people. */
export function show<T>(
  context: CliContext,
  options: { readonly json?: boolean },
  value: T,
  render: (value: T) => string,
): void {
  context.terminal.print(options.json === true ? JSON.stringify(value, null, 2) : render(value));
}
