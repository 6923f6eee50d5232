import { describe, expect, it, test } from '@jest/globals';
import { cancel, deadLetter, done, isOutcome, outcomeOf, retry } from '../src/outcome/outcome.js';

describe('an outcome', () => {
  test.each([
    ['done', done(), { kind: 'done' }],
    ['done with a note', done('stored only'), { kind: 'done', note: 'stored only' }],
    ['retry', retry(), { kind: 'retry', seconds: 60 }],
    ['retry after a time', retry({ seconds: 5, note: 'busy' }), { kind: 'retry', seconds: 5, note: 'busy' }],
    ['retry at once', retry({ seconds: 0 }), { kind: 'retry', seconds: 0 }],
    ['dead letter', deadLetter('no use'), { kind: 'dead_letter', note: 'no use' }],
    ['cancel', cancel(), { kind: 'cancel' }],
    ['cancel with a note', cancel('not wanted'), { kind: 'cancel', note: 'not wanted' }],
  ])('%s is a value and recognised', (_name, outcome, expected) => {
    expect(outcome).toEqual(expected);
    expect(isOutcome(outcome)).toBe(true);
    expect(outcomeOf(outcome)).toEqual(expected);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'done'],
    ['a number', 1],
    ['true', true],
    ['a function', () => done()],
    ['a promise', Promise.resolve(done())],
    ['an array', [done()]],
    ['an empty object', {}],
    ['an unknown kind', { kind: 'finished' }],
    ['a kind of the prototype', { kind: 'toString' }],
    ['what only the queue may say', { kind: 'failed', note: 'x' }],
    ['what only a dispatch may say', { kind: 'send' }],
    ['a retry without seconds', { kind: 'retry' }],
    ['a retry in the past', { kind: 'retry', seconds: -1 }],
    ['a retry at no time', { kind: 'retry', seconds: Number.NaN }],
    ['a retry never', { kind: 'retry', seconds: Number.POSITIVE_INFINITY }],
    ['a retry with seconds as text', { kind: 'retry', seconds: '5' }],
    ['a dead letter without a note', { kind: 'dead_letter' }],
    ['a note that is no text', { kind: 'done', note: { secret: 1 } }],
  ])('is not %s', (_name, value) => {
    expect(isOutcome(value)).toBe(false);
    expect(outcomeOf(value)).toBeUndefined();
  });

  it('is read once: a getter that changes its mind is not asked again', () => {
    const notes = ['first', 'second'];
    const read = outcomeOf({
      kind: 'done',
      get note() {
        return notes.shift();
      },
    });
    expect([read, read]).toEqual([
      { kind: 'done', note: 'first' },
      { kind: 'done', note: 'first' },
    ]);
  });

  it('may come from another copy of the code, or carry more', () => {
    expect(isOutcome(JSON.parse('{"kind":"retry","seconds":1,"more":true}'))).toBe(true);
    expect(isOutcome(Object.assign(Object.create(null), { kind: 'done' }))).toBe(true);
  });
});
