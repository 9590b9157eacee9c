import type { HttpRoute } from '../../govern/scope/index.ts';

const ITERATION = '/scrum/iterations/{iteration_id}';

/** The review loop over HTTP. */
export const scrumRoutes: readonly HttpRoute[] = [
  { operation: 'scrum.start', method: 'POST', path: '/scrum/iterations', body: 'json', successStatus: 201 },
  {
    operation: 'scrum.iterations',
    method: 'GET',
    path: '/scrum/iterations',
    body: 'none',
    query: ['repository', 'limit'],
  },
  { operation: 'scrum.iteration', method: 'GET', path: ITERATION, body: 'none', query: ['rows'] },
  {
    operation: 'scrum.review-file',
    method: 'POST',
    path: `${ITERATION}/files`,
    body: 'json',
    successStatus: 201,
  },
  { operation: 'scrum.ask', method: 'POST', path: `${ITERATION}/calls`, body: 'json', successStatus: 201 },
  { operation: 'scrum.gone', method: 'POST', path: `${ITERATION}/gone`, body: 'json' },
  { operation: 'scrum.finish', method: 'POST', path: `${ITERATION}/finish`, body: 'none' },
  { operation: 'scrum.report', method: 'GET', path: `${ITERATION}/report`, body: 'none' },
  { operation: 'scrum.plan', method: 'GET', path: `${ITERATION}/plan`, body: 'none' },
  {
    operation: 'scrum.suggestion',
    method: 'GET',
    path: '/scrum/suggestions/{suggestion_id}',
    body: 'none',
  },
  {
    operation: 'scrum.trial',
    method: 'POST',
    path: `${ITERATION}/trials`,
    body: 'json',
    successStatus: 201,
  },
  {
    operation: 'scrum.calibrate',
    method: 'POST',
    path: '/scrum/calibrations',
    body: 'json',
    successStatus: 201,
  },
  { operation: 'scrum.calibrate.finish', method: 'POST', path: '/scrum/calibrations/finish', body: 'json' },
  { operation: 'scrum.diff', method: 'GET', path: '/scrum/diff', body: 'none', query: ['from', 'to'] },
  {
    operation: 'scrum.overrides.list',
    method: 'GET',
    path: '/scrum/overrides',
    body: 'none',
    query: ['repository'],
  },
  {
    operation: 'scrum.overrides.set',
    method: 'POST',
    path: '/scrum/overrides',
    body: 'json',
    successStatus: 201,
  },
  {
    operation: 'scrum.overrides.remove',
    method: 'DELETE',
    path: '/scrum/overrides/{override_id}',
    body: 'none',
  },
];
