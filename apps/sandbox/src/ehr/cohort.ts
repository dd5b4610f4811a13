import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WithId } from '@medplum/core';
import { OperationOutcomeError } from '@medplum/core';
import type { Bundle, BundleEntry, Reference, Resource, ResourceType } from '@medplum/fhirtypes';
import { isKept } from './capabilities.js';
import type { HospitalRepository } from './hospital-repository.js';
import { mapReferences } from './references.js';
import { completeRegistration } from './registration.js';

/** Bundles with what each is called: its file, or a name of our own. */
export type NamedBundles = AsyncIterable<{ name: string; bundle: Bundle | Problem }> | Iterable<{ name: string; bundle: Bundle | Problem }>;

interface Problem {
  problem: string;
}

/** What became of a cohort: every number counts what happened in this run. */
export interface Admission {
  admittedPatients: number;
  knownPatients: number;
  resources: number;
  /** What registration had to add, by patient reference. */
  completed: { patient: string; added: string[] }[];
  /** Files and resources that were not taken, and why. */
  refused: { name: string; reason: string }[];
}

/**
 * Yields the JSON files of a folder as Bundles, in the order of their names.
 * Throws when the folder cannot be read; a file that holds no Bundle is yielded as a problem.
 */
export async function* readBundles(folder: string): AsyncGenerator<{ name: string; bundle: Bundle | Problem }> {
  const files = await readdir(folder).catch((error: Error) => {
    throw new Error(`The patients' folder "${folder}" cannot be read (${error.message}): name a folder of FHIR R4 Bundles, or none for the sandbox's own patients`);
  });
  for (const name of files.filter((file) => file.endsWith('.json')).toSorted()) {
    yield { name, bundle: parseBundle(await readFile(join(folder, name), 'utf8')) };
  }
}

function parseBundle(text: string): Bundle | Problem {
  try {
    const parsed: unknown = JSON.parse(text);
    const isBundle = typeof parsed === 'object' && parsed !== null && 'resourceType' in parsed && parsed.resourceType === 'Bundle';
    return isBundle ? (parsed as Bundle) : { problem: 'not a Bundle' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'not JSON' };
  }
}

/**
 * Takes patients in: each Bundle as one transaction, ids kept, references within the Bundle resolved, registration completed.
 * A patient who is here already is left as they are, so that what happened since stays.
 */
export async function admit(repository: HospitalRepository, bundles: NamedBundles): Promise<Admission> {
  const admission: Admission = { admittedPatients: 0, knownPatients: 0, resources: 0, completed: [], refused: [] };
  for await (const { name, bundle } of bundles) {
    if ('problem' in bundle) admission.refused.push({ name, reason: bundle.problem });
    else await repository.withTransaction(() => admitBundle(repository, name, bundle, admission));
  }
  return admission;
}

async function admitBundle(repository: HospitalRepository, name: string, bundle: Bundle, admission: Admission): Promise<void> {
  const resources = resolveBundle(bundle);
  const patients = resources.filter((resource) => resource.resourceType === 'Patient');
  const known = await Promise.all(patients.map((patient) => repository.holds('Patient', patient.id)));
  admission.knownPatients += known.filter(Boolean).length;
  if (patients.length && known.every(Boolean)) return;
  for (const resource of resources) {
    if (await repository.holds(resource.resourceType, resource.id)) continue;
    try {
      await admitResource(repository, resource, admission);
    } catch (error) {
      if (!(error instanceof OperationOutcomeError)) throw error;
      admission.refused.push({ name: `${name}: ${resource.resourceType}/${resource.id}`, reason: error.message });
    }
  }
}

async function admitResource(repository: HospitalRepository, resource: WithId<Resource>, admission: Admission): Promise<void> {
  if (!isKept(resource.resourceType)) return;
  if (resource.resourceType === 'Patient') {
    const { patient, added } = completeRegistration(resource);
    await repository.updateResource(patient);
    admission.admittedPatients += 1;
    if (added.length) admission.completed.push({ patient: `Patient/${patient.id}`, added });
  } else {
    await repository.updateResource(resource);
  }
  admission.resources += 1;
}

/**
 * Returns the resources of a Bundle with their own ids, or those of their fullUrl, and with references that lead from one
 * to the other. A conditional reference (`Practitioner?identifier=system|value`) becomes a logical one.
 */
export function resolveBundle(bundle: Bundle): WithId<Resource>[] {
  const resources = (bundle.entry ?? []).flatMap(withOwnId);
  const byUrl = new Map(resources.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]));
  const resolve = (reference: Reference & { reference: string }): Reference => {
    const local = byUrl.get(reference.reference);
    return local ? { ...reference, reference: local } : asLogical(reference);
  };
  return resources.map(({ resource }) => mapReferences(resource, resolve));
}

function withOwnId({ fullUrl, resource }: BundleEntry): { fullUrl: string | undefined; resource: WithId<Resource> }[] {
  const id = resource?.id ?? /^urn:uuid:([A-Za-z0-9\-.]{1,64})$/.exec(fullUrl ?? '')?.[1];
  return resource && id ? [{ fullUrl, resource: { ...resource, id } }] : [];
}

function asLogical({ reference, ...others }: Reference & { reference: string }): Reference {
  const [, type, system, value] = /^([A-Z][A-Za-z]+)\?identifier=([^|]+)\|(.+)$/.exec(reference) ?? [];
  return type && system && value ? { ...others, type: type as ResourceType, identifier: { system, value } } : { ...others, reference };
}
