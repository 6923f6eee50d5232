import { describe, expect, it } from '@jest/globals';
import { attachBackend, ConnectorBackend, ManualClock, silentLogger, type BackendLookup } from 'glue-core';
import { endpointProblems } from '../src/endpoint/endpoint-problems.js';
import { inboundEndpointConfigSchema, type InboundEndpoint } from '../src/endpoint/endpoint-config.js';
import { InboundBackend } from '../src/inbound-backend.js';
import {
  githubConfig,
  openConfig,
  SECRET,
  shopSettings,
  type ConfigInput,
} from './support/inbound-fixture.js';

interface Settings {
  readonly webhookSecret?: string;
}

class ShopBackend extends InboundBackend(ConnectorBackend<Settings>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
  override readonly semanticFunctions = { account: () => 'acct_1' };
}

class ThrowingBackend extends ShopBackend {
  constructor() {
    super();
    Object.defineProperty(this, 'semanticFunctions', {
      get: () => {
        throw new Error('not now');
      },
    });
  }
}

function attached(instance: ConnectorBackend<Settings>, settings: Settings): BackendLookup {
  const record = { id: 1, type: 'shop', code: 'a', name: 'A', company: 'default', active: true, version: 1 };
  attachBackend(instance, { record, settings, logger: silentLogger, ports: new Map() });
  return { state: 'ready', instance };
}

const ready = attached(new ShopBackend(), { webhookSecret: SECRET });
const broken: BackendLookup = { state: 'broken', reason: 'there is no backend shop,1' };
const noSecret =
  'it has no secret to verify with (the setting "webhookSecret" of the backend holds no secret): ' +
  'set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>';

function problems(
  config: ConfigInput,
  { handler, lookup, secrets = [] }: { handler?: string; lookup?: BackendLookup; secrets?: string[] } = {},
) {
  const endpoint: InboundEndpoint = {
    ...{
      id: 1,
      name: 'Shop',
      code: 'shop',
      suffix: 'inbound',
      state: 'draft',
      company: 'default',
      version: 1,
    },
    config: inboundEndpointConfigSchema.parse(config),
    ...(handler !== undefined && { handler }),
    ...(lookup && { backend: { type: 'shop', id: 1 } }),
  };
  return endpointProblems(
    endpoint,
    { secrets: secrets.map((value, index) => ({ id: String(index), value })) },
    {
      registry: { find: () => lookup ?? broken },
      handlers: new Map([['shop:known', { handleInboundEvent }]]),
      clock: new ManualClock(),
      logger: silentLogger,
    },
  );
}
const handleInboundEvent = () => Promise.reject(new Error('not asked'));

const choosing = {
  semantics: { handler_selector: [{ json: 'type' }], topic: [{ connector: 'account' }] },
  handlers: { a: 'shop:known', b: 'shop:gone', c: 'other:gone', d: 'shop:gone' },
} satisfies Partial<ConfigInput>;

describe('the problems of an inbound endpoint', () => {
  it('are none where everything is there', () => {
    expect(problems(openConfig)).toEqual([]);
    expect(problems(githubConfig, { lookup: ready, handler: 'shop:known' })).toEqual([]);
    expect(problems(githubConfig, { secrets: [SECRET] })).toEqual([]);
  });

  it('are listed all at once', () => {
    const lookup = attached(new ShopBackend(), {});
    const config = {
      ...githubConfig,
      ...choosing,
      semantics: { ...githubConfig.semantics, ...choosing.semantics },
    };
    const other = { ...config.semantics, topic: [{ join: [{ connector: 'shop' }, { json: 'id' }] }] };
    expect(problems({ ...config, semantics: other }, { lookup, handler: 'shop:lost' })).toEqual([
      'no enabled connector offers the handler "shop:lost"',
      'no enabled connector offers the handler "shop:gone"',
      'no enabled connector offers the handler "other:gone"',
      noSecret,
      'backend shop,1 offers no semantic function "shop"',
    ]);
  });

  it('of a backend that does not work hide what depends on it, and nothing else', () => {
    expect(problems({ ...githubConfig }, { lookup: broken, handler: 'shop:lost' })).toEqual([
      'no enabled connector offers the handler "shop:lost"',
      'backend shop,1: there is no backend shop,1',
    ]);
  });

  it.each<[string, BackendLookup | undefined, string]>([
    [
      'without a backend',
      undefined,
      'a source asks for the semantic function "shop", but no backend that works is linked',
    ],
    ['that the backend lacks', ready, 'backend shop,1 offers no semantic function "shop"'],
    [
      'of a backend that cannot say what it offers',
      attached(new ThrowingBackend(), {}),
      'backend shop,1 cannot say which semantic functions it offers: not now',
    ],
  ])('name a semantic function %s', (_name, lookup, problem) => {
    const config = { ...openConfig, orderingKey: [{ connector: 'shop' }] };
    expect(problems(config, lookup && { lookup })).toEqual([problem]);
  });

  it('name no semantic function that objects inherit', () => {
    const config = { ...openConfig, semantics: { topic: [{ connector: 'toString' }] } };
    expect(problems(config, { lookup: ready })).toEqual([
      'backend shop,1 offers no semantic function "toString"',
    ]);
  });
});
