import { describe, expect, it } from '@jest/globals';
import { outboundConfigSchema } from '../../src/outbound-config.js';
import { AddressGuard, type ResolveName } from '../../src/send/address-guard.js';
import { isDeclaredHost } from '../../src/send/egress.js';

const nothing = { cidrs: [], hosts: [] };
const guard = new AddressGuard(nothing);
const blocked = expect.objectContaining({ code: 'GLUE_ADDRESS_BLOCKED' });

const refusedAddresses: [string, string][] = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['100.100.100.200', 'metadata of Alibaba'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['168.63.129.16', 'metadata of Azure'],
  ['169.254.169.254', 'metadata, link-local'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.192', 'metadata of Oracle'],
  ['192.0.0.1', 'protocol assignments'],
  ['192.0.0.170', 'discovery of NAT64'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', '6to4 relay'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'benchmarking'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::127.0.0.1', 'IPv4-compatible'],
  ['::ffff:127.0.0.1', 'IPv4-mapped'],
  ['::ffff:8.8.8.8', 'IPv4-mapped, public'],
  ['::ffff:0:127.0.0.1', 'IPv4-translated'],
  ['::a9fe:a9fe', 'IPv4-compatible, metadata'],
  ['::ffff:a9fe:a9fe', 'IPv4-mapped, metadata'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b::808:808', 'NAT64, public'],
  ['64:ff9b:1::7f00:1', 'local NAT64'],
  ['100::1', 'discard'],
  ['100:0:0:1::1', 'dummy prefix'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHIDv2'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4'],
  ['3fff::1', 'documentation'],
  ['4000::1', 'not allocated'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'metadata of AWS'],
  ['fe80::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
];

describe('the address guard', () => {
  it.each(refusedAddresses)('refuses %s (%s)', (address) => {
    expect(guard.isPublic(address)).toBe(false);
    const host = address.includes(':') ? `[${address}]` : address;
    expect(() => guard.checkUrl(new URL(`https://${host}/`))).toThrow(blocked);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.32.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
  ])('lets %s through', (address) => {
    expect(guard.isPublic(address)).toBe(true);
  });

  it.each([
    'fe80::1%eth0',
    '2606:4700:4700::1111%eth0',
    '010.8.8.8',
    '134744072',
    '8.8',
    '0x8.8.8.8',
    '',
    'x',
  ])('takes %j, which no resolver gives, for no address', (address) => {
    expect(guard.isPublic(address)).toBe(false);
  });

  it('takes no URL with a zone', () => {
    expect(URL.canParse('http://[fe80::1%25eth0]/')).toBe(false);
  });

  it.each([
    'http://0177.0.0.1/',
    'http://0x7f000001/',
    'http://0x7F.0x0.0x0.0x1/',
    'http://127。0。0。1/',
    'http://127｡0.0.1./',
    'http://①②⑦.0.0.1/',
    'http://１２７.0.0.1/',
    'http://%31%32%37.0.0.1/',
    'http://0/',
    'http://169.254.169.254./latest/',
    'http://[::]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://[::ffff:7f00:1]/',
    'http://user@example.com/',
    'http://:pw@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
  ])('refuses the URL %s', (url) => {
    expect(() => guard.checkUrl(new URL(url))).toThrow(blocked);
  });

  it('lets a name through to the dialer, which checks what it resolves to', () => {
    expect(() => guard.checkUrl(new URL('https://example.com/'))).not.toThrow();
  });

  it.each<[string[], boolean]>([
    [['8.8.8.8'], true],
    [['8.8.8.8', '2606:4700::1'], true],
    [['127.0.0.1'], false],
    [['8.8.8.8', '10.0.0.1'], false],
    [[], false],
  ])('decides on a name that resolves to %j: %j', async (addresses, allowed) => {
    const answer = await look(addresses, { all: true });
    if (allowed) expect(answer).toEqual([null, addresses.map(asAddress)]);
    else expect(answer[0]).toEqual(blocked);
  });

  it('gives a dialer that wants one address the first', async () => {
    expect(await look(['8.8.8.8', '1.1.1.1'], { all: false })).toEqual([null, '8.8.8.8']);
  });

  it('allows ranges of the operator, of their own kind only', () => {
    const { allow } = outboundConfigSchema.parse({ allow: { cidrs: ['10.1.0.0/16', 'fd12::/32'] } });
    const relaxed = new AddressGuard(allow);
    expect(
      ['10.1.2.3', '10.2.0.1', 'fd12::1', 'fd13::1', '::ffff:10.1.2.3'].map((each) => relaxed.isPublic(each)),
    ).toEqual([true, false, true, false, false]);
  });

  it.each<[string, boolean]>([
    ['http://erp.internal/', true],
    ['http://ERP.internal.:81/', true],
    ['http://127.0.0.1:8080/', true],
    ['http://127.0.0.1:8081/', false],
    ['http://127.0.0.1/', false],
    ['http://[::1]:9/', true],
    ['http://[::1]/', false],
  ])('allows hosts of the operator, with a port only there: %s', (url, allowed) => {
    const { allow } = outboundConfigSchema.parse({
      allow: { hosts: ['erp.internal', '127.0.0.1:8080', '[::1]:9'] },
    });
    const check = () => new AddressGuard(allow).checkUrl(new URL(url));
    if (allowed) expect(check).not.toThrow();
    else expect(check).toThrow(blocked);
  });

  it.each<[object]>([
    [{ cidrs: ['10.0.0.0'] }],
    [{ cidrs: ['10.0.0.0/33'] }],
    [{ hosts: ['http://x'] }],
    [{ hosts: [''] }],
    [{ names: [] }],
  ])('knows a malformed allow-list: %j', (allow) => {
    expect(outboundConfigSchema.safeParse({ allow }).success).toBe(false);
  });
});

describe('the egress of a connector', () => {
  it.each<[string, string[], boolean]>([
    ['api.stripe.com', ['api.stripe.com'], true],
    ['API.stripe.com.', ['api.Stripe.com'], true],
    ['files.stripe.com', ['api.stripe.com'], false],
    ['shop.myshopify.com', ['*.myshopify.com'], true],
    ['myshopify.com', ['*.myshopify.com'], false],
    ['evilmyshopify.com', ['*.myshopify.com'], false],
    ['anything.example', ['*'], true],
    ['anything.example', [], false],
  ])('%s with %j: %j', (host, declared, allowed) => {
    expect(isDeclaredHost(host, declared)).toBe(allowed);
  });
});

const asAddress = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 });

function look(addresses: string[], options: { all: boolean }): Promise<unknown[]> {
  const resolve: ResolveName = (_name, _options, done) => done(null, addresses.map(asAddress));
  return new Promise((done) => {
    new AddressGuard(nothing, resolve).lookup('example.com', options, (error, address) =>
      done([error, address]),
    );
  });
}
