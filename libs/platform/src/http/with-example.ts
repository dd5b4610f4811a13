import type { z } from 'zod';

/** The schema, with an example that passes it. The OpenAPI page shows bodies by the very schema that checks them, so this is all that describes one. */
export const withExample = <Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>): Schema => schema.meta({ example });
