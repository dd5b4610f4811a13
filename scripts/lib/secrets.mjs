import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { exists, readJson, writePrivately } from './files.mjs';
import { Trouble } from './messages.mjs';

/**
 * What an instance made by `npm start` keeps to itself.
 *
 * @typedef {object} Secrets
 * @property {string} superuserPassword
 * @property {string} ownerPassword
 * @property {string} appPassword
 * @property {string} secretKeys for `CAIRN_SECRET_KEYS`: seals keys and credentials in the database
 * @property {string} smsGatewayToken
 * @property {string} smsWebhookSecret
 */

const password = () => randomBytes(24).toString('base64url');

/** @returns {Secrets} */
export const newSecrets = () => ({
  superuserPassword: password(),
  ownerPassword: password(),
  appPassword: password(),
  secretKeys: `first:${randomBytes(32).toString('base64')}`,
  smsGatewayToken: password(),
  smsWebhookSecret: password(),
});

/**
 * Made once, then read again at every start: the database and what is sealed in it open to nothing else.
 *
 * @param {string} dataFolder
 * @returns {Promise<Secrets>}
 */
export async function keepSecrets(dataFolder) {
  const path = join(dataFolder, 'secrets.json');
  const kept = await readJson(path);
  if (kept?.superuserPassword) return kept;
  if (await exists(join(dataFolder, 'postgres', 'data'))) {
    throw new Trouble(
      `${path} is missing or broken, and the database in ${dataFolder} opens to nothing else.`,
      `Restore the file, or begin anew: remove ${dataFolder} and start again.`,
    );
  }
  const secrets = newSecrets();
  await writePrivately(path, `${JSON.stringify(secrets, undefined, 2)}\n`);
  return secrets;
}
