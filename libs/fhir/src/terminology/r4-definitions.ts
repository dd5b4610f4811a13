import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import { DefinitionFile } from '../definitions/definition-file.js';

/** The files of R4's terminology, the ones most often needed first. Each is opened when the ones before it don't have what is asked for. */
const FILES = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'];

const files = new Map<string, DefinitionFile>();

/** R4's own value set or code system of that URL, its version passed over: R4 has one of each. Undefined where it has none. */
export function definitionOf(url: string): ValueSet | CodeSystem | undefined {
  for (const name of FILES) {
    let file = files.get(name);
    if (!file) {
      file = new DefinitionFile(name);
      files.set(name, file);
    }
    if (!file.has(url)) continue;
    const [definition] = file.read([url]);
    if (definition?.resourceType === 'ValueSet' || definition?.resourceType === 'CodeSystem') return definition;
  }
  return undefined;
}
