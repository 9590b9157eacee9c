import { declareErrors } from '../../base/index.ts';

export const toolErrors = declareErrors('tools', {
  definitions_invalid: {
    kind: 'invalid',
    title: 'Tool files are not valid',
    remedy:
      'Mend the named key at the named line of the tool file. Until then the tools loaded before stay in force, and a start is refused.',
  },
  definitions_unreadable: {
    kind: 'unavailable',
    title: 'Tool files cannot be read',
    remedy: 'Make the files of the folder that tools.folder names readable, or take them away.',
  },
  arguments_invalid: {
    kind: 'invalid',
    title: 'Arguments do not fit the tool',
    remedy: 'Correct the arguments named in `errors`; the tool’s `parameters` say what it takes.',
  },
  result_too_large: {
    kind: 'too_large',
    title: 'The tool’s result is too large',
    remedy: 'Narrow the arguments, or give the tool a smaller limit or fewer columns.',
  },
});
