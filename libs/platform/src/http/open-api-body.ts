import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';

/** How a body is described on the OpenAPI page: by the very schema that checks it, with an example that passes it. */
export const openApiBody = <Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>): ApiBodyOptions => {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return { schema: { ...described, example } } as ApiBodyOptions;
};
