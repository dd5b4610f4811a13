import { CARE_TEAM_BITS, bitOf } from '@cairn/platform';

/** Bits of the labels that a resource carries itself. */
export const OWN_LABELS = 31;

/** The patient works here, by the class `staff`. */
export const STAFF = bitOf('staff');

/** The care team alone, where one is recorded. */
export const CARE_TEAM_LABELS = CARE_TEAM_BITS;

/** Inherited from the patient: some Consent has something to say. */
export const CONSENT_RULES = 32;

/** Inherited from the patient: they work here. */
export const INHERITED_STAFF = 64;

/** All that comes from the patient and not from the resource itself. */
export const INHERITED_LABELS = CONSENT_RULES | INHERITED_STAFF;
