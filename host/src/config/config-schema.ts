import { hostname } from 'node:os';
import { databaseConfigSchema, durationSeconds, sideNameSchema } from 'glue-core';
import type { InboundConfig } from 'glue-inbound';
import type { outboundConfigSchema } from 'glue-outbound';
import { z } from 'zod';

export const DEFAULT_DATA_FOLDER = '.glue';
const DAY_SECONDS = 86_400;

const host = z.strictObject({
  /** Name of this host; equal after a restart, different for each host on one database. */
  name: z
    .string()
    .min(1)
    .max(190)
    .default(() => hostname()),
  port: z.number().int().min(0).max(65_535).default(3400),
  /** Where to listen; `0.0.0.0` for all addresses. */
  address: z.string().min(1).default('127.0.0.1'),
  /** How providers reach this host, e.g. `https://hooks.example.com`; shown in endpoint URLs. */
  publicUrl: z.url({ protocol: /^https?$/, error: 'must look like https://hooks.example.com' }).optional(),
});

/** Where Agenda keeps its wake-ups: in the database, or in a MongoDB. */
const clock = z.discriminatedUnion('store', [
  z.strictObject({ store: z.literal('database') }),
  z.strictObject({
    store: z.literal('mongodb'),
    url: z.url({ protocol: /^mongodb(\+srv)?$/, error: 'must look like mongodb://host:27017/glue' }),
  }),
]);

const connectors = z.strictObject({
  /** Ids of the connectors to load; nothing else of what is found runs. */
  enabled: z.array(z.string().min(1)).default([]),
  /** Folders that hold connectors, one folder each. */
  folders: z.array(z.string().min(1)).default(['plugins']),
  /** Folders of single connectors. */
  packages: z.array(z.string().min(1)).default([]),
  /** Hosts that a connector may call beside those it declares, by its id; for proxies and tests. */
  egress: z.record(z.string(), z.array(z.string().min(1))).default({}),
  /** Goes on without a connector that fails to load; its endpoints answer 503. */
  lenient: z.boolean().default(false),
});

/** `{ $generate: "whsec_" }` stands for that prefix and 32 random bytes, made when the backend is created. */
export const generatedSettingSchema = z.strictObject({ $generate: z.string() });

const setting = z
  .unknown()
  .refine((value) => !asksToGenerate(value) || generatedSettingSchema.safeParse(value).success, {
    error: 'write { $generate: "prefix" } and nothing else',
  });

const backend = z.strictObject({
  type: z.string().min(1),
  name: z.string().trim().min(1),
  /** @defaultValue the slug of the name */
  code: z.string().min(1).optional(),
  company: z.string().min(1).optional(),
  active: z.boolean().optional(),
  /** A setting that is an empty text counts as not given. */
  settings: z.record(z.string(), setting).default({}),
  /** Creates the backend's endpoints at start, or brings them up to date. */
  provision: z.boolean().default(false),
});
export type ConfigBackend = z.output<typeof backend>;

const backends = z.array(backend).superRefine((all, context) => {
  const seen = new Map<string, number>();
  all.forEach(({ type, company, code, name }, index) => {
    const key = JSON.stringify([type, company, code ?? name]);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `has type, company and code of backends.${first}`,
      });
  });
});

/** How long what is finished is kept, in seconds or with a unit. */
const retention = z.strictObject({
  /** Counted from the end of an event. Its delivery identity goes with it, so a later duplicate is a new event. */
  events: durationSeconds.default(90 * DAY_SECONDS).refine((seconds) => seconds >= 30 * DAY_SECONDS, {
    error: 'must be 30d or more: so long an event that comes again is known to be a duplicate',
  }),
  rejections: durationSeconds.default(30 * DAY_SECONDS),
  /** Counted from the end of a delivery. Its idempotency key goes with it, so the same key later is a new delivery. */
  deliveries: durationSeconds.default(90 * DAY_SECONDS),
  /** Of the audit log and of bulk moves. @defaultValue for ever */
  audit: durationSeconds.optional(),
});

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Every key of the configuration but those of the sides. Unknown keys are errors. */
const schema = z.strictObject({
  host: host.prefault({}),
  /** Holds the SQLite file and the secret key; from the config file's folder. */
  dataFolder: z.string().min(1).default(DEFAULT_DATA_FOLDER),
  database: databaseConfigSchema,
  clock: clock.prefault({ store: 'database' }),
  /** The sides to run, of those that are installed. */
  sides: z.array(sideNameSchema).default(['inbound', 'outbound']),
  connectors: connectors.prefault({}),
  backends: backends.default([]),
  retention: retention.prefault({}),
  log: z
    .strictObject({
      level: z.enum(LOG_LEVELS).default('info'),
      /** Lines for people instead of JSON. @defaultValue whether stderr is a terminal */
      pretty: z.boolean().optional(),
    })
    .prefault({}),
  stop: z
    .strictObject({
      /** How long work in flight may take to finish when the host stops. */
      deadlineSeconds: z.number().min(0).max(600).default(20),
    })
    .prefault({}),
});

export type OutboundConfig = z.output<typeof outboundConfigSchema>;

/** The sides' own parts of the schema, where they are installed; without its part the key of a side is unknown. */
export interface SideSections {
  readonly inbound?: z.ZodType<InboundConfig>;
  readonly outbound?: z.ZodType<OutboundConfig>;
}

/** The validated configuration of a host; paths are absolute. */
export type HostConfig = z.output<typeof schema> & {
  /** What the inbound side reads; absent where that side is. */
  readonly inbound?: InboundConfig;
  /** What the outbound side reads; absent where that side is. */
  readonly outbound?: OutboundConfig;
  /** The folder that relative paths count from. */
  readonly baseFolder: string;
  /** The file it came from. */
  readonly file?: string;
};

/** The configuration as written, before defaults. */
export type HostConfigInput = z.input<typeof schema>;

/** The schema of the whole configuration. */
export function configSchemaWith({ inbound, outbound }: SideSections) {
  const withInbound = inbound ? schema.extend({ inbound: inbound.prefault({}) }) : schema;
  return outbound ? withInbound.extend({ outbound: outbound.prefault({}) }) : withInbound;
}

function asksToGenerate(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$generate' in value;
}
