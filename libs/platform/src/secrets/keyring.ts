import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

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

  /** Signs a text with the first key, so that only who has it can have written it: `keyId.mac`, HMAC-SHA-256 with a key made for the purpose. */
  sign(text: string, purpose: string): string {
    const key = this.keys[0] as Key;
    return `${key.id}.${mac(key, text, purpose).toString('base64url')}`;
  }

  /** Whether `sign` returned this signature for the text, with a key that is still configured. */
  verifies(text: string, signature: string, purpose: string): boolean {
    const [id, written = ''] = signature.split('.');
    const key = this.keys.find((candidate) => candidate.id === id);
    if (!key) return false;
    const own = mac(key, text, purpose);
    const given = Buffer.from(written, 'base64url');
    return given.length === own.length && timingSafeEqual(given, own);
  }

  /** Whether the text was sealed with a key that is no longer the first. */
  isStale(sealed: string): boolean {
    return sealed.split('.')[0] !== this.keys[0]?.id;
  }
}

const mac = ({ key }: Key, text: string, purpose: string): Buffer =>
  createHmac('sha256', Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `sign/${purpose}`, 32)))
    .update(text)
    .digest();
