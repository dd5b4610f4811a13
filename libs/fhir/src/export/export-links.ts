import { CairnError, notFound } from '@cairn/kernel';
import type { Keyring } from '@cairn/platform';

const PURPOSE = 'fhir-export-file';

/** Which file a link leads to, and until when. */
export interface ExportFile {
  readonly exportId: string;
  readonly file: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/**
 * The last part of a file's address: sealed, so that nobody can make, guess or prolong a link. It names no patient, and alone it opens nothing:
 * the token of the client that asked for the export must come with it.
 */
export const sealFile = (keyring: Keyring, { exportId, file, expires }: ExportFile): string => keyring.seal(`${exportId}/${file}/${expires}`, PURPOSE);

/** The file of a link. Refuses with 404 a link that Cairn didn't make or made for another export, with 410 one that has expired. */
export function openFile(keyring: Keyring, exportId: string, sealed: string, now: Date): ExportFile {
  const [id, file, expires] = opened(keyring, sealed);
  if (id !== exportId) throw notFound('The file');
  if (Number(expires) <= now.getTime()) throw new CairnError('not-found', 'The link has expired. Ask for a new export.', { status: 410, code: 'link-expired' });
  return { exportId, file: Number(file), expires: Number(expires) };
}

function opened(keyring: Keyring, sealed: string): string[] {
  try {
    return keyring.open(sealed, PURPOSE).split('/');
  } catch {
    throw notFound('The file');
  }
}
