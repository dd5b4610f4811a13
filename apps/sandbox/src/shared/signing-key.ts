import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** A key pair of the outside world: the private half signs, the public half is published. */
export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  privateJwk: JWK;
  publicJwk: JWK;
}

async function generate(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
}

async function readOrCreate(file: string | undefined, alg: string): Promise<JWK> {
  if (!file) return generate(alg);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JWK;
  } catch (error) {
    const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw error;
  }
  const jwk = await generate(alg);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(jwk), { mode: 0o600 });
  return jwk;
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Returns the key kept in the file, made there when it is missing; without a file, a key for this run only. */
export async function signingKey(file: string | undefined, alg: string): Promise<SigningKey> {
  const privateJwk = await readOrCreate(file, alg);
  const publicJwk = Object.fromEntries(Object.entries(privateJwk).filter(([member]) => !PRIVATE_MEMBERS.includes(member)));
  const privateKey = await importJWK(privateJwk, alg);
  if (privateKey instanceof Uint8Array || !privateJwk.kid) throw new Error(`${file ?? 'the generated key'} holds no asymmetric key with a kid; remove the file and start again`);
  return { kid: privateJwk.kid, alg, privateKey, privateJwk, publicJwk };
}
