import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openSettings, parseSettings, sealSettings, viewSettings } from '../src/backend/backend-settings.js';
import { SecretBox } from '../src/crypto/secret-box.js';
import type { GlueError } from '../src/errors/glue-error.js';
import { refusal } from './support/refusal.js';
import { apiKey, sameBox, ShopBackend } from './support/shop-connector.js';

const box = sameBox();
const secrets = ['apiKey', 'pin'];
const settings = { apiKey, pin: '1234', region: 'eu' };
const stored = sealSettings(settings, secrets, box, 1);

describe('backend settings', () => {
  it('are validated by the schema of the class, with its defaults', () => {
    expect(parseSettings(ShopBackend, { apiKey }, 'backend "a"')).toEqual({
      apiKey,
      pin: null,
      region: 'eu',
    });
  });

  it('are refused with every problem, and without the values', () => {
    const input = { apiKey: [apiKey], region: 'mars', extra: apiKey };
    let thrown: GlueError | undefined;
    try {
      parseSettings(ShopBackend, input, 'backend "a"');
    } catch (error) {
      thrown = error as GlueError;
    }
    expect(thrown).toEqual(refusal('GLUE_BACKEND_INVALID', 'settings of backend "a" (type shop)'));
    expect(thrown?.problems).toEqual([
      expect.stringMatching(/^settings\.apiKey: /),
      expect.stringMatching(/^settings\.region: /),
      expect.stringMatching(/^settings: .*extra/),
    ]);
    expect(thrown?.describe()).not.toContain(apiKey);
  });

  it('are stored with their secrets encrypted, and read again', () => {
    expect(stored).not.toContain(apiKey);
    expect(stored).not.toContain('"1234"');
    expect(openSettings(stored, box, 1)).toEqual(settings);
  });

  it('are shown with secrets only said to be set; the last four characters of long ones', () => {
    expect(viewSettings(stored, secrets)).toEqual({
      apiKey: { set: true, lastFour: '6789' },
      pin: { set: true, lastFour: '' },
      region: 'eu',
    });
    const lastFour = (length: number) =>
      viewSettings(sealSettings({ apiKey: 'a'.repeat(length) }, secrets, box, 1), secrets)['apiKey'];
    expect(lastFour(11)).toEqual({ set: true, lastFour: '' });
    expect(lastFour(12)).toEqual({ set: true, lastFour: 'aaaa' });
  });

  it('do not show a secret that was stored before the class called it one', () => {
    const clear = sealSettings(settings, [], box, 1);
    expect(JSON.stringify(viewSettings(clear, secrets))).not.toContain(apiKey);
    expect(openSettings(clear, box, 1)).toEqual(settings);
  });

  it('keep an absent or empty secret as it is', () => {
    const without = sealSettings({ pin: null, region: 'us' }, secrets, box, 1);
    expect(JSON.parse(without)).toEqual({ pin: null, region: 'us' });
    expect(viewSettings(without, secrets)).toEqual({ pin: null, region: 'us' });
  });

  it('may hold lists of secrets, each encrypted and shown by itself', () => {
    const rotated = {
      apiKey: [apiKey, 'the one before 4321'],
      pin: [{ secret: 'until noon 2222', notAfter: 1_000 }, '1234'],
    };
    const lists = sealSettings(rotated, secrets, box, 1);
    for (const text of [apiKey, 'before', 'noon', '"1234"']) expect(lists).not.toContain(text);
    expect(openSettings(lists, box, 1)).toEqual(rotated);
    expect(() => openSettings(lists, box, 2)).toThrow(refusal('GLUE_SECRET_KEY_MISSING', 'backend:2:apiKey'));
    const shown = (lastFour: string) => ({ set: true, lastFour });
    expect(viewSettings(lists, secrets)).toEqual({
      apiKey: [shown('6789'), shown('4321')],
      pin: [{ secret: shown('2222'), notAfter: 1_000 }, shown('')],
    });
    expect(viewSettings(sealSettings(rotated, [], box, 1), secrets)).toEqual(viewSettings(lists, secrets));
  });

  it.each([
    ['an object', { value: apiKey }],
    ['a list of lists', [[apiKey]]],
    ['a number', 7],
  ])('refuse to store a secret in clear that the schema turned into %s', (_what, turned) => {
    const schema = z.object({ apiKey: z.string().transform(() => turned) });
    expect(() => sealSettings(schema.parse({ apiKey }), secrets, box, 1)).toThrow(
      refusal('GLUE_CONNECTOR_DEFINITION', '"apiKey" is no text'),
    );
  });

  it('do not open when copied to another record or another setting, or with another key', () => {
    const moved = JSON.stringify({ pin: (JSON.parse(stored) as { apiKey: unknown }).apiKey });
    expect(() => openSettings(stored, box, 2)).toThrow(
      refusal('GLUE_SECRET_KEY_MISSING', 'backend:2:apiKey'),
    );
    expect(() => openSettings(moved, box, 1)).toThrow(refusal('GLUE_SECRET_KEY_MISSING', 'backend:1:pin'));
    expect(() => openSettings(stored, new SecretBox(Buffer.alloc(32, 8)), 1)).toThrow(
      refusal('GLUE_SECRET_KEY_MISSING', 'was encrypted with key'),
    );
  });

  it('open without those that are not needed', () => {
    const other = new SecretBox(Buffer.alloc(32, 8));
    expect(openSettings(stored, other, 1, secrets)).toEqual({ region: 'eu' });
  });
});
