/** A code with the system that it belongs to. */
export interface Coded {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

/** What kind of event an act is, and the SQL that tells it from the act's name. */
interface AuditKind {
  readonly type: Coded;
  readonly matches: (what: string) => boolean;
  readonly sql: string;
}

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';

/** What leaves the house: what an EHR was told, messages, exports. */
const LEAVING = /^(ehr\.deliver|message\.sent|subscription\.|fhir\.\$export)/;

/**
 * The kinds of events, each once; the first that matches counts. Codes: R4 valueset-audit-event-type (REST by HL7, the rest by DICOM).
 */
const KINDS: readonly AuditKind[] = [
  {
    type: { system: DCM, code: '110106', display: 'Export' },
    matches: (what) => LEAVING.test(what),
    sql: `a.what ~ '${LEAVING.source}'`,
  },
  {
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest', display: 'RESTful Operation' },
    matches: (what) => what.startsWith('fhir.'),
    sql: `a.what like 'fhir.%' and a.what !~ '${LEAVING.source}'`,
  },
  {
    type: { system: DCM, code: '110110', display: 'Patient Record' },
    matches: () => true,
    sql: `a.what not like 'fhir.%' and a.what !~ '${LEAVING.source}'`,
  },
];

/** The kind of an act, by its name. */
export const typeOfAct = (what: string): Coded | undefined => KINDS.find(({ matches }) => matches(what))?.type;

/** The SQL of acts whose kind has this code (and system, where one is named); `false` where there is none. */
export function actsOfType(system: string | undefined, code: string): string {
  const found = KINDS.filter(({ type }) => type.code === code && (system === undefined || type.system === system));
  return found.length === 0 ? 'false' : found.map(({ sql }) => `(${sql})`).join(' or ');
}

/** Names of acts, such as `fhir.read` and `referral.accept`, as subtypes. */
export const ACT_SYSTEM = 'urn:cairn:act';

/** R4's letters for what was done. */
export const ACTION_CODES: Readonly<Record<string, string>> = { create: 'C', read: 'R', update: 'U', delete: 'D', execute: 'E' };

/** R4's digits for what came of it: success, a refusal (minor failure), a failure (serious failure). */
export const OUTCOME_CODES: Readonly<Record<string, string>> = { success: '0', refused: '4', failed: '8' };

/** The system under which each kind of actor is identified. */
export const ACTOR_SYSTEMS: Readonly<Record<string, string>> = { person: 'urn:cairn:user', system: 'urn:cairn:client', cairn: 'urn:cairn:job' };
