import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { counted, humanBytes } from '../human-text.ts';
import { show } from '../show.ts';

interface MissingAnswer {
  readonly dry_run: boolean;
  readonly datasets_checked: number;
  readonly datasets_missing_files: readonly { readonly dataset: string; readonly missing_files: number }[];
  readonly orphan_files: number;
  readonly orphan_bytes: number;
  readonly swept_files: number;
}

interface MetadataAnswer {
  readonly datasets: readonly {
    readonly dataset: string;
    readonly tags_added: readonly { readonly column: string; readonly tag: string }[];
  }[];
  readonly unreadable_datasets: readonly string[];
  readonly remaining: boolean;
}

/** `datasets resync-missing` and `datasets resync-metadata`: an administrator's looks at what is there. */
export function describeUpkeep(datasets: Command, context: CliContext): void {
  addRemoteOptions(datasets.command('resync-missing'))
    .summary('compare datasets with files, and remove files that no dataset names')
    .option('--dry-run', 'say what would be done; change nothing')
    .action(async (options: RemoteOptions & { dryRun?: boolean }) => {
      const json = { dry_run: options.dryRun === true };
      const request = { method: 'POST', path: '/catalog/resync-missing', json } as const;
      const { value } = await connect(context, options).json<MissingAnswer>(request);
      show(context, options, value, () => missingText(value));
    });

  addRemoteOptions(datasets.command('resync-metadata').argument('[name]', 'this dataset alone'))
    .summary('look for personal data again, where an older detector looked')
    .action(async (dataset: string | undefined, options: RemoteOptions) => {
      const json = dataset === undefined ? {} : { dataset };
      const request = { method: 'POST', path: '/catalog/resync-metadata', json } as const;
      const { value } = await connect(context, options).json<MetadataAnswer>(request);
      show(context, options, value, () => metadataText(value));
    });
}

function missingText(answer: MissingAnswer): string {
  const { orphan_files: orphans, orphan_bytes: sizeBytes, swept_files: swept } = answer;
  const missing = answer.datasets_missing_files.map(
    (one) =>
      `${displayText(one.dataset)} lacks ${counted(one.missing_files, 'file')}: restore them, roll back, or delete it.`,
  );
  const removed = answer.dry_run ? 'nothing was removed (dry run)' : `${swept} removed`;
  return [
    `${counted(answer.datasets_checked, 'dataset')} looked at.`,
    ...missing,
    `${counted(orphans, 'file')} of no dataset (${humanBytes(sizeBytes)}), ${removed}.`,
  ].join('\n');
}

function metadataText(answer: MetadataAnswer): string {
  const found = answer.datasets.map(({ dataset, tags_added: tags }) => {
    const told = tags.map(({ column, tag }) => displayText(`${column} (${tag})`)).join(', ');
    return `${displayText(dataset)}: ${told === '' ? 'nothing new' : told}`;
  });
  const unreadable = answer.unreadable_datasets.map(
    (name) => `${displayText(name)}: its files cannot be read; see datasets resync-missing`,
  );
  const lines = [...found, ...unreadable];
  if (answer.remaining) lines.push('More datasets are left: run it again.');
  return lines.length === 0 ? 'Every dataset was looked at by this detector.' : lines.join('\n');
}
