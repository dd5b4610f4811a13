import { labelBits, type SecurityLabel } from '@cairn/platform';

type Json = Readonly<Record<string, unknown>>;

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/** The classes of sensitivity that a resource's own labels stand for, as bits: those of `meta.security`, and of the elements that say the same for documents. */
export function labelsOf(resource: Json): number {
  const { meta, securityLabel, confidentiality } = resource;
  const labels: SecurityLabel[] = isObject(meta) ? objectsIn(meta['security']) : [];
  for (const concept of objectsIn(securityLabel)) labels.push(...objectsIn(concept['coding']));
  if (typeof confidentiality === 'string') labels.push({ system: CONFIDENTIALITY, code: confidentiality });
  return labels.length === 0 ? 0 : labelBits(labels);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const objectsIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
