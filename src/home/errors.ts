import { declareErrors } from '../base/index.ts';

export const homeErrors = declareErrors('home', {
  not_a_home: {
    kind: 'not_found',
    title: 'Not a lakehouse home',
    remedy: 'Make one with `lakehouse init --home DIR`.',
  },
  folder_unusable: {
    kind: 'invalid',
    title: 'The folder cannot be used',
    remedy: 'Name a folder that is empty or not there yet, below one that this user may write to.',
  },
  already_a_home: {
    kind: 'conflict',
    title: 'The folder is already in use',
    remedy: 'Choose an empty folder, or start the home that is there with `lakehouse serve --home DIR`.',
  },
  format_unsupported: {
    kind: 'conflict',
    title: 'Home of another version',
    remedy: 'Start it with the version of lakehouse that the answer names, or restore a backup made by it.',
  },
  keys_exposed: {
    kind: 'invalid',
    title: 'Others can read the keys of the home',
    remedy:
      'Run the chmod that the answer names. Where others may have read them, rotate: `lakehouse keys rotate-secret`, `lakehouse journal rotate-key`.',
  },
  copy_failed: {
    kind: 'unavailable',
    title: 'The copy could not be finished',
    remedy:
      'Free space, or choose a folder on a disk that takes it; nothing was left in the one that was named.',
  },
  backup_invalid: {
    kind: 'unprocessable',
    title: 'Backup not usable',
    remedy: 'Take another backup; the answer names the file or journal record that does not match.',
  },
});
