import { z } from 'zod';
import { isAllowedCidr, isAllowedHostEntry } from './send/allow-list.js';

const MIB = 1024 * 1024;

/** The host's config section `outbound`. */
export const outboundConfigSchema = z.strictObject({
  /** Deliveries that may be on their way at once on this host; the last quarter for endpoints that have none. */
  concurrency: z.number().int().min(1).max(10_000).default(1_024),
  /** Bytes of deliveries over 64 KiB that are on their way at once on this host; a larger one goes alone. */
  maxWorkBytes: z
    .number()
    .int()
    .min(MIB)
    .default(256 * MIB),
  /** What may be called although the SSRF guard would refuse it. */
  allow: z
    .strictObject({
      /** Address ranges, e.g. `10.20.0.0/16`. */
      cidrs: z
        .array(z.string().refine(isAllowedCidr, 'write a range like 10.20.0.0/16 or fd12::/32'))
        .default([]),
      /** Hosts, with a port or for all ports, e.g. `erp.internal` or `localhost:8080`. */
      hosts: z
        .array(z.string().refine(isAllowedHostEntry, 'write a host like erp.internal or localhost:8080'))
        .default([]),
    })
    .prefault({}),
});
export type OutboundConfig = z.infer<typeof outboundConfigSchema>;
