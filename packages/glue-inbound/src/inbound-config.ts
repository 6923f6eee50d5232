import { z } from 'zod';

const MIB = 1024 * 1024;

/** The host's config section `inbound`. */
export const inboundConfigSchema = z.strictObject({
  /** Events that may be processed at once on this host; the last quarter for endpoints that have none. */
  concurrency: z.number().int().min(1).max(10_000).default(512),
  /** Bytes of events over 64 KiB that are processed at once on this host; a larger one is processed alone. */
  maxWorkBytes: z
    .number()
    .int()
    .min(MIB)
    .default(256 * MIB),
  /** Proxies in front of this host, each of which appends the address it was called from to `X-Forwarded-For`. */
  trustedProxies: z.number().int().min(0).max(10).default(0),
  /** Bytes of bodies of webhooks that are not answered yet; beyond it they are asked to come again. */
  maxBufferedBytes: z
    .number()
    .int()
    .min(64 * MIB)
    .default(256 * MIB),
});
export type InboundConfig = z.infer<typeof inboundConfigSchema>;
