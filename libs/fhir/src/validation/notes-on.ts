import type { Resource } from '@medplum/fhirtypes';
import { profileFor } from '../definitions/profiles.js';
import { profileNotes } from './check-profile.js';
import { unheededAdvice } from './check-invariants.js';
import { asNote, isStructural, type Note } from './fault.js';
import { faultsOf, typeOf } from './validate.js';

type Fields = Readonly<Record<string, unknown>>;

export interface ProfileWish {
  /** Canonical URLs, with or without a version. */
  readonly profiles: readonly string[];
  /** Whether a resource that names no profile either is at fault. */
  readonly profileDemanded: boolean;
}

/**
 * All there is to say about a resource: its faults, advice that it doesn't heed, and how it fits the profiles asked for and those that its
 * `meta.profile` claims. A profile that isn't known is an error where it was asked for, a warning where it is only claimed. Its type must be known.
 */
export function notesOn(resource: Fields, { profiles, profileDemanded }: ProfileWish): Note[] {
  const faults = faultsOf(resource);
  const claimed = claims(resource).filter((url) => !profiles.includes(url));
  const wanted = [...profiles, ...claimed];
  const notes = faults.map((fault) => asNote('error', fault));
  if (profileDemanded && wanted.length === 0) notes.push({ severity: 'error', code: 'required', path: 'meta.profile', message: 'Name the profile: in the parameter "profile", or here.' });
  if (faults.some(isStructural)) {
    if (wanted.length > 0) notes.push({ severity: 'information', code: 'informational', path: '', message: 'Profiles and invariants are looked at once the structure is right.' });
    return notes;
  }
  notes.push(...unheededAdvice(resource, typeOf(resource)).map((fault) => asNote('warning', fault)));
  for (const url of wanted) notes.push(...fit(resource, url, profiles.includes(url)));
  return notes;
}

function fit(resource: Fields, url: string, asked: boolean): Note[] {
  const profile = profileFor(url);
  if (profile) return profileNotes(resource as Fields & Resource, profile);
  const message = `The profile ${url.slice(0, 300)} is not known here, so the resource was not held against it.`;
  return [{ severity: asked ? 'error' : 'warning', code: 'not-supported', path: asked ? '' : 'meta.profile', message }];
}

function claims({ meta }: Fields): string[] {
  const profile: unknown = typeof meta === 'object' && meta !== null && 'profile' in meta ? meta.profile : undefined;
  return Array.isArray(profile) ? profile.filter((each): each is string => typeof each === 'string') : [];
}
