import { describe, expect, it, jest } from '@jest/globals';
import { attachFile } from 'glue-core';
import { z } from 'zod';
import { editJson } from '../src/cli/edit-json.js';
import { parseLimit } from '../src/cli/parse-limit.js';
import { parseTime } from '../src/cli/parse-time.js';
import { columns, jsonText, plainText, printJson, printLine, timeText } from '../src/cli/print.js';
import { settingsFromText } from '../src/cli/settings-from-text.js';
import { shownContent } from '../src/cli/shown-content.js';

describe('text of others', () => {
  it('moves no cursor and makes up no lines', () => {
    expect(plainText('a\u001b[31mb\u0007\u009bc\n\td')).toBe('a\ufffd[31mb\ufffd\ufffdc\n\td');
    expect(columns([{ type: 'x\nFAKE\u001b]0;y' }])).toEqual(['TYPE', 'x FAKE\ufffd]0;y']);
  });

  it('keeps its control characters in JSON, where they are escaped', () => {
    const every = String.fromCharCode(...Array.from({ length: 0xa1 }, (_, code) => code));
    const text = jsonText({ [every]: [every] });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(text).toContain(String.raw`~\u007f\u0080`);
    expect(JSON.parse(text)).toEqual({ [every]: [every] });
  });

  it('is written by nothing as it is', () => {
    const written = jest.spyOn(console, 'log').mockImplementation(() => {});
    try {
      printLine('a\u009b2Jb');
      printJson('a\u009b2Jb');
      expect(written.mock.calls).toEqual([['a\ufffd2Jb'], [String.raw`"a\u009b2Jb"`]]);
    } finally {
      written.mockRestore();
    }
  });
});

describe('settings on a command line', () => {
  const schema = z.strictObject({
    secret: z.string().optional(),
    pin: z.string().default('0'),
    retries: z.number(),
    live: z.boolean(),
    tags: z.array(z.string()),
  });

  it('are text where the schema wants text, and JSON elsewhere', () => {
    const pairs = ['secret=a=b==', 'pin=0042', 'retries=3', 'live=true', 'tags=["a"]', 'unknown=x'];
    expect(settingsFromText(schema, pairs)).toEqual({
      secret: 'a=b==',
      pin: '0042',
      retries: 3,
      live: true,
      tags: ['a'],
      unknown: 'x',
    });
  });

  it.each(['secret', '=x', ''])('are refused when they are no key=value: "%s"', (pair) => {
    expect(() => settingsFromText(schema, [pair])).toThrow(/is no key=value/);
  });
});

describe('what was queued with a delivery', () => {
  it('shows name, type and size of its files, wherever they are, and no base64', () => {
    const pdf = attachFile(Buffer.alloc(70_000, 1), { name: 'invoice.pdf', type: 'application/pdf' });
    const shown = shownContent({
      payload: { lines: [{ pdf }], n: 1 },
      context: { raw: attachFile(Buffer.from('ab')) },
    });
    expect(JSON.parse(shown)).toEqual({
      payload: {
        lines: [{ pdf: { file: { name: 'invoice.pdf', type: 'application/pdf', size: 70_000 } } }],
        n: 1,
      },
      context: { raw: { file: { size: 2 } } },
    });
  });

  it('shows all else as it is, also what only looks like a file', () => {
    const content = {
      payload: { a: { $file: 'a text' }, b: { ...attachFile(Buffer.from('b')), other: 1 }, c: [null, 0, ''] },
      headers: {},
    };
    expect(JSON.parse(shownContent(content))).toEqual(content);
  });
});

describe('a sample', () => {
  const body = Buffer.from('{ "id": "1", "data": { "object": { "id": "a" } } }');

  it('stays as it is, byte for byte, when nothing is to be changed', () => {
    expect(editJson(body, [])).toBe(body);
  });

  it('is changed at the paths that are given', () => {
    const edited = editJson(body, ['id=evt_2', 'data.object.amount=5', 'data.new.deep=true']);
    expect(JSON.parse(edited.toString())).toEqual({
      id: 'evt_2',
      data: { object: { id: 'a', amount: 5 }, new: { deep: true } },
    });
  });
});

describe('a listing', () => {
  it('has a line of names and equal columns, and no blanks at the end', () => {
    expect(
      columns([
        { id: 'a', state: 'done', note: undefined },
        { id: 'bcd', state: 'x', more: 7 },
      ]),
    ).toEqual(['ID   STATE  NOTE  MORE', 'a    done', 'bcd  x            7']);
  });

  it('writes times in UTC', () => {
    expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe('2026-01-02 03:04:05.006');
    expect(timeText(undefined)).toBeUndefined();
  });

  it.each(['0', '1001', 'ten', '1.5', ''])('is not limited to %s', (text) => {
    expect(() => parseLimit(text)).toThrow(/whole number/);
  });
});

describe('a time on a command line', () => {
  it('is a date, or how long ago', () => {
    expect(parseTime('2026-01-31T12:00Z')).toBe(Date.UTC(2026, 0, 31, 12));
    expect(parseTime('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
    const dayAgo = parseTime('1d');
    expect(Math.abs(Date.now() - 86_400_000 - dayAgo)).toBeLessThan(5_000);
  });

  it.each(['', 'yesterday', '12', '2026', '5 d', '2026-13-01'])('is not %p', (text) => {
    expect(() => parseTime(text)).toThrow(/Give a time/);
  });
});
