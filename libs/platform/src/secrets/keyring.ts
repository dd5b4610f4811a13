import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

interface Key {
  readonly id: string;
  readonly key: Buffer;
}

/** The whole tag is asked for: without this a tag cut down to four bytes would be accepted. */
const TAG = { authTagLength: 16 };

/** Injection token for the {@link Keyring}. */
export const KEYRING = Symbol('Keyring');

/**
 * Encrypts secrets at rest with AES-256-GCM. The first key encrypts; all decrypt, so that a key is rotated by putting the new one first
 * and sealing again. A sealed text is `keyId.nonce.ciphertext.tag` in base64url.
 */
export class Keyring {
  constructor(private readonly keys: readonly Key[]) {
    if (keys.length === 0) throw new Error('A keyring needs a key.');
  }

  /** Seals a secret. `purpose` is bound to it: a text sealed for one purpose does not open for another. */
  seal(secret: string, purpose: string): string {
    const { id, key } = this.keys[0] as Key;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, TAG).setAAD(Buffer.from(purpose));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return [id, ...[nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
  }

  /** Opens what `seal` returned. Throws when the key is unknown, the purpose differs or the text was changed. */
  open(sealed: string, purpose: string): string {
    const [id, nonce, text, tag] = sealed.split('.');
    const key = this.keys.find((candidate) => candidate.id === id);
    if (!key || !nonce || text === undefined || !tag) throw new Error('This secret was sealed with a key that is not configured.');
    const decipher = createDecipheriv('aes-256-gcm', key.key, Buffer.from(nonce, 'base64url'), TAG).setAAD(Buffer.from(purpose));
    decipher.setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
  }

  /** Whether the text was sealed with a key that is no longer the first. */
  isStale(sealed: string): boolean {
    return sealed.split('.')[0] !== this.keys[0]?.id;
  }
}
