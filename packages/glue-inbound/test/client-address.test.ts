import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressMatcher, addressRangesSchema, canonicalAddress } from '../src/endpoint/address-ranges.js';
import { clientAddress } from '../src/receive/client-address.js';

describe('an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:DB8::0:7', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['127.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['010.0.0.1', undefined],
    ['localhost', undefined],
    ['', undefined],
    ['203.0.113.7 ', undefined],
  ])('"%s" is written %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });
});

describe('a list of addresses', () => {
  it.each<[string[], string, boolean]>([
    [['203.0.113.7'], '203.0.113.7', true],
    [['203.0.113.7'], '203.0.113.8', false],
    [['203.0.113.0/24'], '203.0.113.255', true],
    [['203.0.113.9/24'], '203.0.113.1', true],
    [['203.0.113.0/24'], '203.0.114.0', false],
    [['203.0.113.0/24', '10.0.0.0/8'], '10.1.2.3', true],
    [['0.0.0.0/0'], '8.8.8.8', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '2001:db8::1', true],
    [['::/0'], '8.8.8.8', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['::ffff:10.0.0.0/104'], '10.1.2.3', true],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['10.0.0.0/8'], '::ffff:0a01:0203', true],
    [['10.0.0.0/8'], '::10.1.2.3', false],
  ])('%j takes %s: %s', (ranges, address, expected) => {
    expect(addressMatcher(addressRangesSchema.parse(ranges))(canonicalAddress(address) ?? '')).toBe(expected);
  });

  it.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    '::ffff:10.0.0.0/95',
    'fe80::1%eth0',
    '10.0.0/8',
    '10.0.0.0/8 ',
  ])('cannot hold "%s"', (text) => {
    expect(addressRangesSchema.safeParse([text]).success).toBe(false);
  });

  it('cannot be empty: that would be nobody, or anybody', () => {
    expect(addressRangesSchema.safeParse([]).success).toBe(false);
  });
});

describe('the caller', () => {
  const proxy = '10.0.0.1';
  it.each<[string, string | undefined, string[] | undefined, number, string | undefined]>([
    ['without proxies is the other end', '::ffff:203.0.113.7', undefined, 0, '203.0.113.7'],
    ['without proxies is not what the header says', '203.0.113.7', ['1.1.1.1'], 0, '203.0.113.7'],
    ['behind one proxy is its entry', proxy, ['203.0.113.7'], 1, '203.0.113.7'],
    [
      'behind one proxy is its entry, whatever the caller wrote before',
      proxy,
      ['1.1.1.1, 203.0.113.7'],
      1,
      '203.0.113.7',
    ],
    [
      'behind two proxies is the entry of the first',
      proxy,
      ['1.1.1.1, 203.0.113.7, 10.0.0.2'],
      2,
      '203.0.113.7',
    ],
    ['is the same when a proxy adds a line of its own', proxy, ['1.1.1.1', '203.0.113.7'], 1, '203.0.113.7'],
    [
      'that went round the first of two proxies is what the second saw',
      proxy,
      ['203.0.113.7'],
      2,
      '203.0.113.7',
    ],
    ['that went round all proxies is the other end', '203.0.113.7', undefined, 2, '203.0.113.7'],
    ['is found beside empty entries', proxy, [' , ,203.0.113.7, '], 1, '203.0.113.7'],
    ['may come with a port', proxy, ['203.0.113.7:4711'], 1, '203.0.113.7'],
    ['may come in brackets', proxy, ['[2001:db8::7]'], 1, '2001:db8::7'],
    ['may come in brackets with a port', proxy, ['[2001:db8::7]:443'], 1, '2001:db8::7'],
    ['may come without brackets', proxy, ['2001:db8::7'], 1, '2001:db8::7'],
    ['is unknown where a proxy wrote no address', proxy, ['unknown'], 1, undefined],
    ['is unknown where there is no other end', undefined, undefined, 0, undefined],
  ])('%s', (_what, remote, header, proxies, expected) => {
    expect(clientAddress(remote, header, proxies)).toBe(expected);
  });

  it('is an address or nothing, whatever the header, and nothing a caller writes in front changes it', () => {
    const lines = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 3 }), (forged, proxies) => {
        const written = Array.from({ length: proxies }, (_, index) => `203.0.113.${index + 1}`);
        expect(clientAddress(proxy, [...forged, written.join(', ')], proxies)).toBe('203.0.113.1');
        const found = clientAddress(proxy, forged, proxies);
        expect(found === undefined || canonicalAddress(found) === found).toBe(true);
      }),
    );
  });
});
