import { declareErrors } from '../../base/index.ts';

export const scrumErrors = declareErrors('scrum', {
  iteration_not_found: {
    kind: 'not_found',
    title: 'Iteration not found',
    remedy: 'Check the id with GET /scrum/iterations.',
  },
  iteration_closed: {
    kind: 'conflict',
    title: 'The iteration runs no more',
    remedy: 'Start another with POST /scrum/iterations; a finished or abandoned one takes nothing more.',
  },
  iteration_incomplete: {
    kind: 'conflict',
    title: 'Files of the iteration are not reviewed yet',
    remedy: 'Send the files named in `missing` first; an iteration is published whole.',
  },
  iteration_unfinished: {
    kind: 'conflict',
    title: 'The iteration is not published',
    remedy: 'Finish it first: reports read what was published.',
  },
  file_not_declared: {
    kind: 'conflict',
    title: 'The file is not of this iteration as it was started',
    remedy: 'Start the iteration again with the file as it is now; rows of unchanged files are kept.',
  },
  file_not_gone: {
    kind: 'conflict',
    title: 'The file is not gone from this iteration',
    remedy:
      'Name only paths that the commit of the iteration holds no more, and start it again after a change.',
  },
  not_comparable: {
    kind: 'conflict',
    title: 'The iterations are of different repositories',
    remedy: 'Compare two iterations of one repository, the earlier one as `from`.',
  },
  no_models: {
    kind: 'unavailable',
    title: 'The ladder has no model for you',
    remedy:
      'Configure a provider of the ladder in lakehouse.toml, or have one of its models granted; POST /v1/route/explain says which were considered.',
  },
  suggestion_not_found: {
    kind: 'not_found',
    title: 'Suggestion not found',
    remedy: 'Name a suggestion as the report of its iteration does; they are kept for scrum.retention_days.',
  },
  override_not_found: {
    kind: 'not_found',
    title: 'Override not found',
    remedy: 'Check the id with GET /scrum/overrides.',
  },
  override_expired: {
    kind: 'invalid',
    title: 'The override would have no effect',
    remedy: 'Give an `expires_at` that lies ahead, at most a year.',
  },
  calibration_incomplete: {
    kind: 'conflict',
    title: 'Cases of the calibration are not read yet',
    remedy: 'Send the other cases first; a calibration is published whole.',
  },
  calibration_full: {
    kind: 'conflict',
    title: 'The calibration has all of its cases',
    remedy: 'Plan another calibration, as with another --seed.',
  },
  planted_nowhere: {
    kind: 'invalid',
    title: 'Changed lines are not in the file',
    remedy: 'Name lines of the file as it is sent, the first one first.',
  },
  prompt_invalid: {
    kind: 'invalid',
    title: 'A review prompt is not valid',
    remedy:
      'Begin the file with a heading that ends in "version N", and keep its sections "Blind pass" and "Directed pass".',
  },
  prompt_unreadable: {
    kind: 'unavailable',
    title: 'A review prompt cannot be read',
    remedy: 'Make the file readable, or take it away to use the shipped one.',
  },
  knowledge_unreadable: {
    kind: 'unprocessable',
    title: 'Rows of the knowledge base cannot be read as they are',
    remedy: 'Have columns of kb.* unmasked for your role, or correct the rows that the detail names.',
  },
});
