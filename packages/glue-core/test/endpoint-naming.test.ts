import { describe, expect, it, test } from '@jest/globals';
import {
  codeProblems,
  namesAfterEdit,
  namesAfterLink,
  namesOfNew,
  type EndpointNames,
} from '../src/endpoint/endpoint-naming.js';
import type { BackendOwner } from '../src/endpoint/endpoint-owner.js';
import { refusal } from './support/refusal.js';

const shop: BackendOwner = {
  name: 'Shop EU',
  technicalPrefix: 'shop-1',
  company: 'default',
  backend: { type: 'shop', id: 1 },
};
const other: BackendOwner = { ...shop, name: 'Shop US', technicalPrefix: 'shop-2' };
const names = (name: string, code: string, suffix: string): EndpointNames => ({ name, code, suffix });

describe('a new endpoint that stands alone', () => {
  test.each<[Parameters<typeof namesOfNew>[0], EndpointNames]>([
    [{ code: 'Orders In' }, names('orders-in', 'orders-in', 'orders-in')],
    [{ suffix: 'Orders' }, names('orders', 'orders', 'Orders')],
    [{ name: 'Orders of Acme' }, names('Orders of Acme', 'orders-of-acme', 'orders-of-acme')],
    [{ name: 'N', code: 'c', suffix: 's' }, names('N', 'c', 's')],
    [{}, names('', '', '')],
  ])('given %j is called %j', (given, expected) => {
    expect(namesOfNew(given, 'inbound', undefined)).toEqual(expected);
  });
});

describe('a new endpoint of a backend', () => {
  test.each<[Parameters<typeof namesOfNew>[0], EndpointNames]>([
    [{}, names('Shop EU inbound', 'shop-1-inbound', 'inbound')],
    [{ suffix: 'Pay In' }, names('Shop EU Pay In', 'shop-1-pay-in', 'Pay In')],
    [{ name: 'Mine', suffix: '***' }, names('Mine', 'shop-1', '***')],
  ])('given %j is called %j', (given, expected) => {
    expect(namesOfNew(given, 'inbound', shop)).toEqual(expected);
  });

  it('has no code of its own', () => {
    expect(() => namesOfNew({ code: 'mine' }, 'inbound', shop)).toThrow(
      refusal('GLUE_ENDPOINT_CODE_DERIVED', 'the code of an endpoint of shop,1 is derived'),
    );
  });
});

describe('an edit', () => {
  const never = () => {
    throw new Error('the backend is not asked');
  };
  const alone = names('a', 'a', 'a');
  const linked = names('Shop EU in', 'shop-1-in', 'in');

  test.each<[string, EndpointNames, object, EndpointNames]>([
    [
      'changes the code of one that stands alone, and the name that is the code',
      alone,
      { code: 'B C' },
      names('b-c', 'b-c', 'a'),
    ],
    ['keeps a name that somebody chose', names('Mine', 'a', 'a'), { code: 'b' }, names('Mine', 'b', 'a')],
    [
      'keeps the code when the suffix of one that stands alone changes',
      alone,
      { suffix: 'z' },
      names('a', 'a', 'z'),
    ],
    ['changes a name', alone, { name: 'N' }, names('N', 'a', 'a')],
  ])('%s', (_what, present, changes, expected) => {
    expect(namesAfterEdit(present, changes, undefined)).toEqual(expected);
  });

  it('derives code and name of a linked one anew from its suffix', () => {
    expect(namesAfterEdit(linked, { suffix: 'Out' }, () => shop)).toEqual(
      names('Shop EU Out', 'shop-1-out', 'Out'),
    );
    expect(namesAfterEdit({ ...linked, name: 'Mine' }, { suffix: 'out' }, () => shop).name).toBe('Mine');
    expect(namesAfterEdit(linked, { suffix: 'out', name: 'N' }, () => shop).name).toBe('N');
  });

  it('asks nothing of the backend as long as the suffix stays', () => {
    expect(namesAfterEdit(linked, { name: 'N', suffix: 'in' }, never)).toEqual({ ...linked, name: 'N' });
  });

  it('refuses a code for a linked one, also its own, and says how to change it', () => {
    for (const code of ['mine', 'shop-1-in'])
      expect(() => namesAfterEdit(linked, { code }, () => shop)).toThrow(
        refusal(
          'GLUE_ENDPOINT_CODE_DERIVED',
          'the code of endpoint "shop-1-in" is derived from its backend and its suffix: change the suffix, or unlink it first',
        ),
      );
  });
});

describe('linking', () => {
  test.each<[string, EndpointNames, BackendOwner | undefined, EndpointNames]>([
    [
      'names one after the backend whose name was its code',
      names('a', 'a', 'a'),
      undefined,
      names('Shop US a', 'shop-2-a', 'a'),
    ],
    [
      'keeps a name that somebody chose',
      names('Mine', 'a', 'in'),
      undefined,
      names('Mine', 'shop-2-in', 'in'),
    ],
    [
      'takes the name of another backend off',
      names('Shop EU in', 'shop-1-in', 'in'),
      shop,
      names('Shop US in', 'shop-2-in', 'in'),
    ],
    [
      'keeps a name while the other backend cannot tell it',
      names('Shop EU in', 'shop-1-in', 'in'),
      undefined,
      names('Shop EU in', 'shop-2-in', 'in'),
    ],
  ])('%s', (_what, present, before, expected) => {
    expect(namesAfterLink(present, before, other)).toEqual(expected);
  });
});

describe('a code', () => {
  it('is neither empty nor longer than a path may be', () => {
    expect(codeProblems('a'.repeat(128))).toEqual([]);
    expect(codeProblems('')).toEqual([expect.stringContaining('there is no code')]);
    expect(codeProblems('a'.repeat(129))).toEqual([expect.stringContaining('longer than 128 characters')]);
  });
});
