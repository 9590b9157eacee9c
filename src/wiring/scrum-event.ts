import type { NewEvent } from '../review/observer/index.ts';
import type { ScrumNews } from '../review/scrum/index.ts';

/** What the review loop kept, as the observer is told of it: paths, numbers and names of models, no reviewed text. */
export function scrumEvent(news: ScrumNews): NewEvent {
  switch (news.kind) {
    case 'file':
      return fileEvent(news);
    case 'finished':
      return finishedEvent(news);
    case 'case':
      return caseEvent(news);
    case 'calibrated':
      return calibratedEvent(news);
  }
}

function fileEvent({ review, attempts }: Extract<ScrumNews, { kind: 'file' }>): NewEvent {
  const { path, verdict, score, model, repository } = review;
  const isUnread = verdict === 'no_verdict';
  return {
    source: 'scrum',
    kind: isUnread ? 'no_verdict' : 'file_reviewed',
    severity: isUnread ? 'warn' : 'info',
    message: isUnread ? `${path}: no verdict` : `${path}: ${verdict}, ${score} of 10 by ${model}`,
    externalId: review.row_id,
    correlationId: review.iteration_id,
    ...(isUnread ? { signature: `scrum:${repository}:no_verdict`.slice(0, 256) } : {}),
    data: {
      ...{ repository, iteration: review.iteration, path, verdict, score, model },
      ...{ rung: review.rung, cost_usd: review.cost_usd, latency_ms: review.latency_ms },
      outcomes: attempts.map(({ model: asked, outcome }) => `${asked}: ${outcome}`).slice(0, 50),
    },
  };
}

function finishedEvent(news: Extract<ScrumNews, { kind: 'finished' }>): NewEvent {
  const { iterationId, iteration, repository, reviews, noVerdict, findings, costUsd } = news;
  return {
    source: 'scrum',
    kind: 'iteration_finished',
    severity: 'info',
    message: `${repository}, iteration ${iteration}: ${reviews} files, ${noVerdict} without verdict`,
    externalId: iterationId,
    correlationId: iterationId,
    data: { repository, iteration, reviews, no_verdict: noVerdict, findings, cost_usd: costUsd },
  };
}

function caseEvent(news: Extract<ScrumNews, { kind: 'case' }>): NewEvent {
  const { calibrationId, caseSha256, repository, path, outcomes } = news;
  return {
    source: 'scrum',
    kind: 'case_read',
    severity: 'info',
    message: `${path}: ${outcomes.join(', ')}`.slice(0, 2_000),
    externalId: `${calibrationId}:${caseSha256}`,
    correlationId: calibrationId,
    data: { repository, path, outcomes: outcomes.slice(0, 50) },
  };
}

function calibratedEvent(news: Extract<ScrumNews, { kind: 'calibrated' }>): NewEvent {
  const { calibrationId, repository, models } = news;
  const standing = models.map(({ model, trust_after: trust }) => `${model} ${trust.toFixed(2)}`);
  return {
    source: 'scrum',
    kind: 'calibration_published',
    severity: 'info',
    message: `${repository}: trust is ${standing.join(', ')}`.slice(0, 2_000),
    externalId: calibrationId,
    correlationId: calibrationId,
    data: { repository, models: models.map((one) => ({ ...one })) },
  };
}
