import { join } from 'node:path';
import { z } from 'zod';
import { PROFILES } from './ehr/capabilities.js';
import type { SandboxOptions } from './sandbox.js';

const given = z.string().optional();
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const port = z.coerce.number().int().min(0).max(65_535).default(0);

const environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().positive().default(3_000),
  PUBLIC_URL: url.optional(),
  CAIRN_URL: url.optional(),
  CAIRN_DATA_DIR: given,
  SMS_GATEWAY_TOKEN: given,
  SMS_WEBHOOK_SECRET: given,
  SMS_HONOURS_IDEMPOTENCY: z.stringbool().default(false),
  SANDBOX_HOST: given,
  SANDBOX_PUBLIC_HOST: given,
  SANDBOX_EHR_PORT: port,
  SANDBOX_SMS_PORT: port,
  SANDBOX_SMTP_PORT: port,
  SANDBOX_OIDC_PORT: port,
  SANDBOX_INBOX_PORT: port,
  SANDBOX_DATA_DIR: given,
  SANDBOX_PATIENTS: given,
  SANDBOX_SEED: z.coerce.number().int().nonnegative().default(1),
  SANDBOX_PROFILE: z.enum(PROFILES).default('full'),
  SANDBOX_CLINIC: z
    .string()
    .regex(/^[^|]+\|[^|]+$/, 'must be an identifier, system|value')
    .transform((text) => ({ system: text.slice(0, text.indexOf('|')), value: text.slice(text.indexOf('|') + 1) }))
    .optional(),
  SANDBOX_SMS_INBOUND_URL: url.optional(),
});

/** Reads how the sandbox is set up from the environment (docs/configuration.md). Throws an error that names each bad variable. */
export function readSettings(env: NodeJS.ProcessEnv): SandboxOptions {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) throw new Error(`The sandbox can't start with these settings:\n${z.prettifyError(parsed.error)}`);
  const it = parsed.data;
  return {
    dataDir: it.SANDBOX_DATA_DIR ?? (it.CAIRN_DATA_DIR && join(it.CAIRN_DATA_DIR, 'sandbox')),
    host: it.SANDBOX_HOST ?? it.HOST,
    publicHost: it.SANDBOX_PUBLIC_HOST,
    ports: { ehr: it.SANDBOX_EHR_PORT, sms: it.SANDBOX_SMS_PORT, smtp: it.SANDBOX_SMTP_PORT, oidc: it.SANDBOX_OIDC_PORT, inbox: it.SANDBOX_INBOX_PORT },
    cairn: { url: it.CAIRN_URL ?? it.PUBLIC_URL ?? `http://${it.HOST}:${it.PORT}` },
    hospital: { patients: it.SANDBOX_PATIENTS, seed: it.SANDBOX_SEED, profile: it.SANDBOX_PROFILE, clinic: it.SANDBOX_CLINIC },
    sms: { token: it.SMS_GATEWAY_TOKEN, webhookSecret: it.SMS_WEBHOOK_SECRET, honoursIdempotency: it.SMS_HONOURS_IDEMPOTENCY, inboundUrl: it.SANDBOX_SMS_INBOUND_URL },
  };
}
