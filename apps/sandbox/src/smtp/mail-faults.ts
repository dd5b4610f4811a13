import { z } from 'zod';

const times = z.int().positive().optional();

/**
 * What can go wrong with a mail server: `down` cuts the connection at once, `reject` refuses each recipient
 * (550, or 451 when it is only `temporary`), `drop` takes the message and cuts the connection before its 250,
 * `hang` takes the message and keeps silent until the sender gives up or the fault is lifted.
 */
export const mailFaultSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('down'), times }),
  z.strictObject({ mode: z.literal('reject'), times, temporary: z.boolean().optional() }),
  z.strictObject({ mode: z.literal('drop'), times }),
  z.strictObject({ mode: z.literal('hang'), times }),
]);

/** A fault as it holds; `times` limits it to so many connections (down), recipients (reject) or messages (drop, hang). */
export type MailFault = z.infer<typeof mailFaultSchema>;
