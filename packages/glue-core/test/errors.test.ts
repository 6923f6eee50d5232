import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from '@jest/globals';
import { errorTable, type ErrorCode, type ErrorEntry } from '../src/errors/error-table.js';
import { GlueError, messageOf, stackOf } from '../src/errors/glue-error.js';

const page = new URL('../../../docs/errors.md', import.meta.url);
const codes = Object.keys(errorTable) as ErrorCode[];

function line(code: string, { status, retryable, meaning, action }: ErrorEntry): string[] {
  return [`\`${code}\``, String(status), retryable ? 'yes' : 'no', meaning, action];
}

function documentedLines(): string[][] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((text) => text.startsWith('| `GLUE_'))
    .map((text) =>
      text
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/errors.md', () => {
  it('has one line per code, in order, that says the same', () => {
    expect(documentedLines()).toEqual(codes.map((code) => line(code, errorTable[code])));
  });
});

describe('the error table', () => {
  test.each(codes)('%s has a status, a meaning and a way out', (code) => {
    const { status, meaning, action } = errorTable[code];
    expect(code).toMatch(/^GLUE(_[A-Z]+)+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    for (const sentence of [meaning, action]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('calls retryable only what comes and goes by itself', () => {
    expect(codes.filter((code) => errorTable[code].retryable)).toEqual(
      codes.filter((code) => errorTable[code].status === 503),
    );
  });

  it('cannot be changed', () => {
    expect(Object.values(errorTable).every((entry) => Object.isFrozen(entry))).toBe(true);
  });
});

const refuse = () => {
  throw new Error('do not look');
};

describe('an error', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new GlueError('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be reached', { cause });

  it('carries what its code means', () => {
    expect(error).toMatchObject({
      name: 'GlueError',
      code: 'GLUE_DATABASE_UNAVAILABLE',
      status: 503,
      retryable: true,
      problems: [],
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(new GlueError('GLUE_BACKEND_NOT_FOUND', 'x')).toMatchObject({ status: 404, retryable: false });
    expect('cause' in new GlueError('GLUE_BACKEND_NOT_FOUND', 'x')).toBe(false);
  });

  it('describes itself for a terminal: what, every problem, what to do', () => {
    const invalid = new GlueError('GLUE_ENDPOINT_INVALID', 'endpoint "a" is not valid', {
      problems: ['config.path: required', 'config.method: unknown'],
    });
    expect(invalid.describe()).toBe(
      [
        'GLUE_ENDPOINT_INVALID: endpoint "a" is not valid',
        '  - config.path: required',
        '  - config.method: unknown',
        `  What to do: ${errorTable.GLUE_ENDPOINT_INVALID.action}`,
      ].join('\n'),
    );
    expect(error.describe()).toBe(
      `GLUE_DATABASE_UNAVAILABLE: the database cannot be reached\n  What to do: ${errorTable.GLUE_DATABASE_UNAVAILABLE.action}`,
    );
  });

  test.each([
    [new Error('boom'), 'boom'],
    ['boom', 'boom'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [{ message: 'boom' }, 'boom'],
    [Object.create(null), 'something that cannot be shown as text'],
    [new Proxy({}, { has: refuse }), 'something that cannot be shown as text'],
  ])('of any kind has a message: %p', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  test.each([
    [
      'its stack',
      Object.assign(new Error('boom'), { stack: 'Error: boom\n    at here' }),
      'Error: boom\n    at here',
    ],
    ['the message, where there is no stack', 'boom', 'boom'],
    ['the message, where the stack is no text', { message: 'boom', stack: 7 }, 'boom'],
    ['what can be said of it', Object.create(null), 'something that cannot be shown as text'],
  ])('of any kind tells where it was made, by %s', (_name, thrown, stack) => {
    expect(stackOf(thrown)).toBe(stack);
  });

  it('with an endless message has a stack of 16 KiB', () => {
    expect(stackOf(new Error('x'.repeat(1_000_000)))).toHaveLength(16 * 1024);
  });
});
