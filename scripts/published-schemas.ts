import { endpointFileSchema, endpointSeedSchema, handlerFileSchema } from 'glue-core';
import { inboundEndpointConfigSchema } from 'glue-inbound';
import { outboundEndpointConfigSchema } from 'glue-outbound';
import { z } from 'zod';

/** An endpoint seed whose configuration is the one of its side: core alone does not know it. */
const endpointOf = <Config extends z.ZodType>(side: 'inbound' | 'outbound', config: Config) =>
  z.strictObject({ ...endpointSeedSchema.shape, side: z.literal(side), config });

const endpointFile = endpointFileSchema.extend({
  endpoints: z.array(
    z.discriminatedUnion('side', [
      endpointOf('inbound', inboundEndpointConfigSchema),
      endpointOf('outbound', outboundEndpointConfigSchema.optional()),
    ]),
  ),
});

const schemas: Readonly<Record<string, readonly [title: string, schema: z.ZodType]>> = {
  'packages/glue-core/schemas/endpoints.schema.json': [
    'Endpoints that a Glue connector offers',
    endpointFile,
  ],
  'packages/glue-core/schemas/handlers.schema.json': [
    'Handlers that a Glue connector offers',
    handlerFileSchema,
  ],
  'packages/glue-inbound/schemas/endpoint-config.schema.json': [
    'Configuration of an inbound endpoint of Glue',
    inboundEndpointConfigSchema,
  ],
  'packages/glue-outbound/schemas/endpoint-config.schema.json': [
    'Configuration of an outbound endpoint of Glue',
    outboundEndpointConfigSchema,
  ],
};

/** The JSON Schemas that the packages ship, by file: what may be written down, in the draft that editors know best. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schemas).map(([file, [title, schema]]) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
      return [file, `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`];
    }),
  );
}
