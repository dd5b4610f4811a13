import type { Actor } from '../tenancy/scope.js';
import table from './data-classes.json' with { type: 'json' };
import type { Role } from './roles.js';

/** What can be done with data of a class. `breakGlass`: see it in an emergency, with a reason and for a while. */
export type DataAct = 'read' | 'write' | 'breakGlass';

interface DataClass {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly breakGlass: readonly string[];
  readonly types?: readonly string[];
  readonly bit?: number;
  readonly labels?: readonly { readonly system: string; readonly codes: readonly string[] }[];
  readonly careTeam?: boolean;
  readonly wholeRecord?: boolean;
  readonly notice?: string;
}

const CLASSES: Readonly<Record<string, DataClass>> = table.classes;

/** The classes of data, labelled or not. */
export const DATA_CLASSES: readonly string[] = Object.keys(CLASSES);

/** Whether a role may do this with data of the class, by the table `data-classes.json`. */
export const roleMay = (role: Role, dataClass: string, act: DataAct): boolean => CLASSES[dataClass]?.[act].includes(role) ?? false;

/** Resource types that are a class of their own. */
export const typesOf = (dataClass: string): readonly string[] => CLASSES[dataClass]?.types ?? [];

/** Everything may be seen. */
const FULL = -1;

const bitsWhere = (holds: (dataClass: DataClass) => boolean): number => Object.values(CLASSES).reduce((bits, each) => (holds(each) ? bits | (each.bit ?? 0) : bits), 0);

/** Labels whose records the care team alone may see, where one is recorded. */
export const CARE_TEAM_BITS = bitsWhere(({ careTeam }) => careTeam ?? false);

/** Labels that on a Patient stand for the whole record. */
export const WHOLE_RECORD_BITS = bitsWhere(({ wholeRecord }) => wholeRecord ?? false);

/**
 * The labels that the actor may see past, as bits. People by their roles. Cairn's own work and patients, whom their links lead to their own
 * record alone, past all. Systems past none: they see what they sent, and what a Consent permits.
 */
export function clearanceOf(actor: Actor): number {
  if (actor.kind === 'cairn' || actor.kind === 'patient') return FULL;
  return actor.kind === 'system' ? 0 : bitsFor(actor.roles, 'read');
}

/** The labels that breaking the glass lets people of these roles see past. */
export const emergencyClearance = (roles: readonly Role[]): number => bitsFor(roles, 'breakGlass');

const bitsFor = (roles: readonly Role[], act: DataAct): number => bitsWhere((each) => roles.some((role) => each[act].includes(role)));

/** A security label, as `meta.security` has it. */
export interface SecurityLabel {
  readonly system?: unknown;
  readonly code?: unknown;
}

/** The classes that security labels stand for, as bits; 0 where none guards anything. */
export const labelBits = (labels: readonly SecurityLabel[]): number =>
  bitsWhere((each) => each.labels?.some(({ system, codes }) => labels.some((label) => label.system === system && typeof label.code === 'string' && codes.includes(label.code))) ?? false);

/** The labels of a class by its name, as bits. */
export const bitOf = (dataClass: string): number => CLASSES[dataClass]?.bit ?? 0;

/** What must be said when records with these labels are disclosed. */
export const noticesFor = (bits: number): string[] => Object.values(CLASSES).flatMap(({ bit = 0, notice }) => ((bits & bit) !== 0 && notice !== undefined ? [notice] : []));
