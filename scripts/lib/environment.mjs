/** Every variable that says where an instance is, whom it talks to and what it keeps secret. */
const instanceVariables =
  /^(CAIRN_(MODE|DATA_DIR|SECRET_KEYS)|HOST|PORT|PUBLIC_URL|DATABASE_(OWNER_)?URL|REDIS_URL|OIDC_\w+|SMTP_URL|SMS_(GATEWAY_URL|GATEWAY_TOKEN|WEBHOOK_SECRET)|SANDBOX_(\w+_PORT|\w*HOST|DATA_DIR|EHR_URL))$/;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} the environment without the variables that tie a process to some instance
 */
export function withoutInstance(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !instanceVariables.test(name)));
}

/**
 * What every process of a demo instance gets.
 *
 * @param {object} facts
 * @param {string} facts.dataFolder
 * @param {string} facts.host
 * @param {number} facts.port
 * @param {string} facts.publicUrl
 * @param {import('./secrets.mjs').Secrets} facts.secrets
 */
export const houseVariables = ({ dataFolder, host, port, publicUrl, secrets }) => ({
  CAIRN_MODE: 'demo',
  CAIRN_DATA_DIR: dataFolder,
  HOST: host,
  PORT: String(port),
  PUBLIC_URL: publicUrl,
  SMS_GATEWAY_TOKEN: secrets.smsGatewayToken,
  SMS_WEBHOOK_SECRET: secrets.smsWebhookSecret,
});

/**
 * What Cairn's own processes get besides. Mail, messages and sign-in always go to the sandbox, whatever the caller's
 * environment says: a demo writes to nobody outside.
 *
 * @param {object} facts
 * @param {string} facts.appUrl
 * @param {string} [facts.redisUrl]
 * @param {import('./secrets.mjs').Secrets} facts.secrets
 * @param {Record<string, string>} facts.sandbox its addresses
 * @returns {Record<string, string>}
 */
export const cairnVariables = ({ appUrl, redisUrl, secrets, sandbox }) => ({
  DATABASE_URL: appUrl,
  ...(redisUrl && { REDIS_URL: redisUrl }),
  CAIRN_SECRET_KEYS: secrets.secretKeys,
  OIDC_ISSUER: sandbox.oidc ?? '',
  SMTP_URL: sandbox.smtp ?? '',
  SMS_GATEWAY_URL: sandbox.sms ?? '',
  SANDBOX_EHR_URL: sandbox.ehr ?? '',
});
