import { describe, expect, it } from '@jest/globals';
import { classifyFailure, classifyResponse, type StatusRules } from '../../src/dispatch/classify.js';
import { retryAfterSeconds } from '../../src/dispatch/retry-after.js';

const vendor: StatusRules = { retryableStatuses: [], preset: 'vendor' };
const subscriber: StatusRules = { ...vendor, preset: 'subscriber' };
const now = Date.UTC(2026, 0, 1);

describe('the meaning of a response', () => {
  it.each<[number, StatusRules, string, string | undefined]>([
    [200, vendor, 'done', undefined],
    [204, vendor, 'done', undefined],
    [301, vendor, 'dead_letter', 'protocol'],
    [304, vendor, 'dead_letter', 'protocol'],
    [400, vendor, 'dead_letter', 'http_4xx'],
    [401, vendor, 'dead_letter', 'http_4xx'],
    [404, vendor, 'dead_letter', 'http_4xx'],
    [408, vendor, 'failed', 'http_4xx'],
    [410, vendor, 'dead_letter', 'gone'],
    [425, vendor, 'failed', 'http_4xx'],
    [429, vendor, 'failed', 'throttled'],
    [500, vendor, 'failed', 'http_5xx'],
    [503, vendor, 'failed', 'http_5xx'],
    [302, subscriber, 'failed', 'protocol'],
    [404, subscriber, 'failed', 'http_4xx'],
    [410, subscriber, 'dead_letter', 'gone'],
    [409, { ...vendor, retryableStatuses: [409] }, 'failed', 'http_4xx'],
    [410, { ...vendor, retryableStatuses: [410] }, 'failed', 'gone'],
    [404, { ...vendor, successStatuses: [200, 404] }, 'done', undefined],
    [202, { ...vendor, successStatuses: [200] }, 'dead_letter', 'protocol'],
    [500, { ...vendor, successStatuses: [500] }, 'done', undefined],
  ])('%i with %j is %s (%s)', (status, rules, kind, cause) => {
    const verdict = classifyResponse({ status }, rules, now);
    expect([verdict.result.kind, verdict.cause]).toEqual([kind, cause]);
  });

  it('waits as long as the receiver asks', () => {
    const verdict = classifyResponse({ status: 503, retryAfter: '120' }, vendor, now);
    expect(verdict.result).toMatchObject({ kind: 'failed', seconds: 120 });
  });

  it('tells our own faults apart, so that they use up no retry', () => {
    expect(classifyFailure({ cause: 'internal', note: 'EMFILE' }).result).toMatchObject({ internal: true });
    expect(classifyFailure({ cause: 'reset', note: 'ECONNRESET' }).result).not.toHaveProperty('internal');
  });
});

describe('Retry-After', () => {
  it.each<[string | undefined, number | undefined]>([
    ['0', 0],
    ['120', 120],
    [' 7 ', 7],
    ['90000', 86_400],
    ['999999999999', 86_400],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120],
    ['Thursday, 01-Jan-26 00:02:00 GMT', 120],
    ['Thu Jan  1 00:02:00 2026', 120],
    ['Sun, 01 Feb 2026 00:00:00 GMT', 86_400],
    ['Wed, 31 Dec 2025 23:59:00 GMT', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['Thu, 99 Foo 2026', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j means %j seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });
});
