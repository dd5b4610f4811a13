import { z } from 'zod';

const keyring = z
  .string()
  .transform((text, context) => {
    const keys = text.split(',').map((part) => {
      const colon = part.indexOf(':');
      return { id: part.slice(0, colon).trim(), key: Buffer.from(part.slice(colon + 1).trim(), 'base64') };
    });
    if (keys.some(({ id, key }) => !/^[a-z0-9-]{1,32}$/i.test(id) || key.length !== 32)) {
      context.addIssue('must be "id:key" pairs, comma-separated, where key is 32 bytes in base64');
      return z.NEVER;
    }
    return keys;
  });

const url = (schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    message: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

const yesNo = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Every variable that a Cairn process reads. docs/configuration.md lists the same names; a test compares the two. */
export const configSchema = z.object({
  CAIRN_MODE: z.enum(['demo', 'production']).default('production'),
  CAIRN_DATA_DIR: z.string().default('.cairn'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  PUBLIC_URL: url(['http', 'https']).optional(),
  DATABASE_URL: url(['postgres', 'postgresql']),
  DATABASE_OWNER_URL: url(['postgres', 'postgresql']).optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(16),
  REDIS_URL: url(['redis', 'rediss']).optional(),
  CAIRN_SECRET_KEYS: keyring,
  OIDC_ISSUER: url(['http', 'https']).optional(),
  OIDC_AUDIENCE: z.string().optional(),
  SMTP_URL: url(['smtp', 'smtps']).optional(),
  SMTP_FROM: z.string().default('Clinic <no-reply@localhost>'),
  SMS_GATEWAY_URL: url(['http', 'https']).optional(),
  SMS_GATEWAY_TOKEN: z.string().optional(),
  SMS_WEBHOOK_SECRET: z.string().min(16).optional(),
  SMS_HONOURS_IDEMPOTENCY: yesNo.default(false),
  ALLOW_PRIVATE_EHR_HOSTS: yesNo.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  FHIR_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).default(10 * 1024 * 1024),
  API_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).default(1024 * 1024),
  API_UPLOAD_LIMIT_BYTES: z.coerce.number().int().min(1024).default(5 * 1024 * 1024),
  FHIR_BUNDLE_LIMIT: z.coerce.number().int().min(1).default(5000),
  FHIR_CONDITIONAL_DELETE_LIMIT: z.coerce.number().int().min(1).max(1000).default(1),
  FHIR_SUBSCRIPTION_ATTEMPTS: z.coerce.number().int().min(1).max(100).default(18),
  FHIR_SUBSCRIPTION_LIMIT: z.coerce.number().int().min(0).max(10_000).default(100),
  FHIR_SUBSCRIPTION_RETENTION_DAYS: z.coerce.number().int().min(1).max(365).default(30),
  FHIR_EXPORT_HOURS: z.coerce.number().int().min(1).max(720).default(24),
  FHIR_NARRATIVE: z.enum(['refuse', 'sanitise']).default('refuse'),
  FHIR_JSON_DEPTH_LIMIT: z.coerce.number().int().min(10).default(200),
  WORKER_HEALTH_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(200).default(8),
  BREAK_GLASS_MINUTES: z.coerce.number().int().min(1).max(1440).default(60),
  AUDIT_SEAL_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(50).default(1000),
});

type Parsed = z.infer<typeof configSchema>;

/** The settings of this process, checked. `PUBLIC_URL` and `OIDC_AUDIENCE` are always filled in. */
export type Config = Parsed & { readonly PUBLIC_URL: string; readonly OIDC_AUDIENCE: string };

/** Injection token for {@link Config}. */
export const CONFIG = Symbol('Config');

/** Thrown at boot when a variable is missing or wrong; the message names each one and says what it must be. */
export class ConfigError extends Error {}

/** Reads the settings from an environment. Refuses with a {@link ConfigError} that names every variable at fault. Values are never echoed. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = configSchema.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return name in present ? `${name}: ${issue.message}` : `${name} is missing`;
    });
    throw new ConfigError(`Cairn can't start; mend these variables (docs/configuration.md):\n  ${lines.join('\n  ')}`);
  }
  const config = parsed.data;
  const publicUrl = (config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/$/, '');
  return { ...config, PUBLIC_URL: publicUrl, OIDC_AUDIENCE: config.OIDC_AUDIENCE ?? publicUrl };
}
