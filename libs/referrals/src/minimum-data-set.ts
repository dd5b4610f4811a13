import type { CodeableConcept, QuestionnaireResponse, QuestionnaireResponseItem, Resource } from '@medplum/fhirtypes';
import { z } from 'zod';
import data from './minimum-data-set.json' with { type: 'json' };

const tellSchema = z.strictObject({
  resource: z.string(),
  /** Elements of which at least one must be filled. */
  anyOf: z.array(z.string()).optional(),
  statuses: z.array(z.string()).optional(),
  /** Codes of the observation-category code system. */
  categories: z.array(z.string()).optional(),
  /** LOINC codes. */
  codes: z.array(z.string()).optional(),
});

const schema = z.object({
  version: z.string(),
  items: z.array(z.strictObject({ id: z.string(), label: z.string(), tells: z.array(tellSchema) })),
});
const dataSet = schema.parse(data);

export const MINIMUM_DATA_SET_VERSION = dataSet.version;
/** The items of the minimum data set, by id, in the words that the clinic reads. */
export const MINIMUM_DATA_SET: readonly { readonly id: string; readonly label: string }[] = dataSet.items;

/** The canonical address of the intake form whose answers count: one item for each of the minimum data set, under its id. */
export const INTAKE_FORM = 'urn:cairn:questionnaire:referral-intake';

/** The label of an item, or its id when the data set has no such item any more. */
export const itemLabel = (id: string): string => MINIMUM_DATA_SET.find((item) => item.id === id)?.label ?? id;

const observationRules = dataSet.items.flatMap((item) => item.tells).filter((tell) => tell.resource === 'Observation');

/** The LOINC codes of Observations that can tell an item, as a search by `code` takes them. */
export const observationCodes: readonly string[] = observationRules.flatMap((tell) => tell.codes ?? []).map((code) => `http://loinc.org|${code}`);

/** The categories of Observations that can tell an item, as a search by `category` takes them. */
export const observationCategories: readonly string[] = observationRules.flatMap((tell) => tell.categories ?? []);

/** The types in a patient's record that can tell an item, besides the request itself and Observations. */
export const recordTypes = [...new Set(dataSet.items.flatMap((item) => item.tells.map((tell) => tell.resource)))].filter(
  (type) => type !== 'ServiceRequest' && type !== 'Observation',
);

/**
 * The ids of the items that nothing tells: not the request, not what it rests on, not the patient's record, not an answered intake form. In the
 * order of the data set; empty when the referral is complete.
 */
export function missingItems(resources: readonly Resource[]): string[] {
  const answered = new Set(resources.filter(isIntakeForm).flatMap((form) => answeredItems(form.item)));
  return dataSet.items
    .filter((item) => !answered.has(item.id) && !item.tells.some((tell) => resources.some((resource) => speaks(tell, resource))))
    .map((item) => item.id);
}

const isIntakeForm = (resource: Resource): resource is QuestionnaireResponse =>
  resource.resourceType === 'QuestionnaireResponse' && resource.questionnaire === INTAKE_FORM && resource.status !== 'entered-in-error';

const answeredItems = (items: readonly QuestionnaireResponseItem[] | undefined): string[] =>
  (items ?? []).filter((item) => (item.answer ?? []).length > 0).flatMap((item) => (item.linkId === undefined ? [] : [item.linkId]));

const UNTRUE = ['entered-in-error', 'cancelled', 'not-done'];

function speaks(tell: z.infer<typeof tellSchema>, resource: Resource): boolean {
  if (resource.resourceType !== tell.resource) return false;
  const fields = new Map<string, unknown>(Object.entries(resource));
  const status = fields.get('status');
  if (typeof status === 'string' && UNTRUE.includes(status)) return false;
  if (tell.statuses && !(typeof status === 'string' && tell.statuses.includes(status))) return false;
  if (tell.anyOf && !tell.anyOf.some((field) => fields.has(field))) return false;
  if (tell.codes && resource.resourceType === 'Observation' && !hasCode([resource.code], tell.codes)) return false;
  return !(tell.categories && resource.resourceType === 'Observation' && !hasCode(resource.category ?? [], tell.categories));
}

const hasCode = (concepts: readonly (CodeableConcept | undefined)[], codes: readonly string[]): boolean =>
  concepts.some((concept) => (concept?.coding ?? []).some((coding) => coding.code !== undefined && codes.includes(coding.code)));
