import { durationSeconds, rateSchema } from 'glue-core';
import { z } from 'zod';

const pause = durationSeconds.pipe(z.number().min(1).max(86_400));

/** When the circuit breaker of an endpoint opens, and for how long. What is described here is what editors show. */
export const breakerSchema = z.strictObject({
  failures: z
    .number()
    .int()
    .min(0)
    .max(1_000)
    .default(10)
    .describe('Failures of the receiver in a row that open it; 0: it never opens.'),
  pause: pause.prefault('10s').describe('Until the first probe; doubled after each that fails.'),
  longestPause: pause.prefault('15m').describe('What the doubling ends at.'),
});

const DAY_SECONDS = 86_400;

/** When Glue takes an endpoint out of service of which it hears nothing but failures. */
export const autoDisableSchema = z.strictObject({
  after: durationSeconds
    .pipe(
      z
        .number()
        .min(0)
        .max(366 * DAY_SECONDS),
    )
    .prefault('5d')
    .describe('How long there must be only failures; 0: it is never disabled.'),
  exhausted: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(20)
    .describe('How many deliveries must have become dead letters by them.'),
});

/** The keys of an outbound endpoint's configuration that spare its receiver. */
export const healthShape = {
  rate: rateSchema.optional().describe('Requests per second, and at once, on each host.'),
  breaker: breakerSchema.prefault({}),
  release: rateSchema
    .prefault({ perSecond: 10 })
    .describe('Rate, on each host, of the deliveries that were held, when the endpoint works again.'),
  autoDisable: autoDisableSchema.prefault({}),
};
