import { declareErrors } from '../base/index.ts';

export const configErrors = declareErrors('config', {
  invalid: {
    kind: 'invalid',
    title: 'Configuration is not valid',
    remedy:
      'Mend the named key at the named line of the file, or the named environment variable, and start again.',
  },
  unreadable: {
    kind: 'invalid',
    title: 'Configuration file cannot be read',
    remedy: 'Give the path of a readable lakehouse.toml, or leave it out to run on the defaults.',
  },
});
