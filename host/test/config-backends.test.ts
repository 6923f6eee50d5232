import { describe, expect, it } from '@jest/globals';
import { changesTo, settingsToCreate } from '../src/backends/apply-config-backends.js';

describe('settings of a backend in the config', () => {
  it('are taken as they are when it is created, but for an empty text', () => {
    expect(settingsToCreate({ key: 'k', list: [1], none: '' })).toEqual({ key: 'k', list: [1] });
  });

  it('with $generate become the prefix and 32 random bytes, another time other ones', () => {
    const make = () => settingsToCreate({ secret: { $generate: 'whsec_' } })['secret'];
    const secret = make();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(make()).not.toBe(secret);
  });
});

describe('an existing backend', () => {
  const present = { name: 'Shop', active: true, settings: { secret: 'made', region: 'eu', list: [1, 2] } };

  it.each([
    ['nothing is given', {}, {}],
    ['the same is given', { region: 'eu', list: [1, 2] }, {}],
    ['a setting differs', { region: 'us', list: [1, 2] }, { settings: { region: 'us' } }],
    ['a setting is new', { apiKey: 'k' }, { settings: { apiKey: 'k' } }],
    ['a setting is generated', { secret: { $generate: 'whsec_' } }, {}],
    ['a setting is empty', { region: '' }, {}],
  ])('is changed in what differs only, when %s', (_case, settings, expected) => {
    expect(changesTo({ name: 'Shop', active: undefined, settings }, present)).toEqual(expected);
  });

  it('follows name and active where they are given', () => {
    expect(changesTo({ name: 'Store', active: false, settings: {} }, present)).toEqual({
      name: 'Store',
      active: false,
    });
    expect(
      changesTo({ name: 'Shop', active: undefined, settings: {} }, { ...present, active: false }),
    ).toEqual({});
  });
});
