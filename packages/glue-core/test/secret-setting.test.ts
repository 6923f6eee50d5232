import { describe, expect, it, test } from '@jest/globals';
import { z } from 'zod';
import { nestedSecretsOf, secret, secretSettingsOf, secretTextsOf } from '../src/backend/secret-setting.js';

describe('a secret setting', () => {
  test.each<[string, z.ZodType]>([
    ['as it is', secret()],
    ['optional', secret().optional()],
    ['nullable', secret().nullable()],
    ['nullish', secret().nullish()],
    ['with a default', secret().default('changeme')],
    ['with a description', secret().describe('API key')],
    ['with more metadata', secret().meta({ title: 'API key' })],
    ['with a prefix', secret().startsWith('whsec_').optional()],
    ['with a pattern', secret().regex(/^sk_/)],
    ['trimmed', secret().trim()],
    ['refined', secret().refine((text) => text.length > 3)],
    ['or empty', z.union([secret(), z.literal('')])],
    ['in a list', z.array(secret())],
    ['in a list that may be null', z.array(secret()).min(1).nullable()],
    ['alone or in a list', z.union([secret(), z.array(secret())])],
    ['with a window', z.array(z.object({ secret: secret(), notAfter: z.number().optional() }))],
    ['with and without a window', z.array(z.union([secret(), z.object({ secret: secret() })])).optional()],
  ])('is seen %s', (_name, apiKey) => {
    const schema = z.object({ apiKey, region: z.string() });
    expect(secretSettingsOf(schema)).toEqual(['apiKey']);
    expect(nestedSecretsOf(schema)).toEqual([]);
  });

  test.each<[string, z.ZodType, string]>([
    ['in an object', z.object({ key: secret() }), 'properties/login/properties/key'],
    ['in a list of lists', z.array(z.array(secret())), 'properties/login/items/items'],
    ['under another name', z.array(z.object({ key: secret() })), 'properties/login/items/properties/key'],
    ['in a window alone', z.object({ secret: secret() }), 'properties/login/properties/secret'],
    ['in a record', z.record(z.string(), secret()), 'properties/login/additionalProperties'],
    [
      'in an alternative',
      z.union([z.object({ key: secret() }), z.string()]),
      'properties/login/anyOf/0/properties/key',
    ],
    ['by reference', secret().meta({ id: 'ApiKey' }), '$defs/ApiKey'],
  ])('is found where it does not belong: %s', (_name, login, path) => {
    const schema = z.object({ login });
    expect(nestedSecretsOf(schema)).toEqual([path]);
    expect(secretSettingsOf(schema)).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    ['a', ['a']],
    [
      ['a', { secret: 'b', notAfter: 1 }],
      ['a', 'b'],
    ],
    [null, []],
    [undefined, []],
  ])('of the value %j has the texts %j, of which logs are kept free', (value, texts) => {
    expect(secretTextsOf(value)).toEqual(texts);
  });

  it('is not what merely has the name', () => {
    const schema = z.object({ secret: z.boolean(), other: z.object({ secret: z.string() }) });
    expect(secretSettingsOf(schema)).toEqual([]);
    expect(nestedSecretsOf(schema)).toEqual([]);
  });
});
