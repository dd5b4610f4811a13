import { OperationOutcomeError, toTypedValue, validateTypedValue, type TypedValue, type TypedValueWithPath, type ValidatorOptions } from '@medplum/core';
import type { OperationOutcomeIssue, Resource, StructureDefinition } from '@medplum/fhirtypes';
import { profileFor } from '../definitions/profiles.js';
import { codesOf } from '../terminology/value-sets.js';
import type { Note } from './fault.js';

/**
 * What a profile asks of a resource beyond its type: cardinalities, slices, fixed values, patterns, invariants and required value sets. The
 * resource must be sound by the definition of its type. Value sets that are not here are named, as nothing can be said about their codes.
 */
export function profileNotes(resource: Resource, profile: StructureDefinition): Note[] {
  if (profile.type !== resource.resourceType) {
    return [{ severity: 'error', code: 'structure', path: resource.resourceType, message: `The profile is for ${String(profile.type)}${nameOf(profile)}.` }];
  }
  return [...fitNotes(toTypedValue(resource), profile, resource.resourceType), ...extensionNotes(resource, resource.resourceType)];
}

/** How the extensions in a value fit their own definitions, as far as these are here: a profile names an extension, but doesn't repeat its rules. */
function extensionNotes(value: object, path: string): Note[] {
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const at = `${path}.${key}`;
    const each = (Array.isArray(child) ? child : [child]) as readonly unknown[];
    return each.flatMap((element, index) => {
      if (typeof element !== 'object' || element === null) return [];
      const place = Array.isArray(child) ? `${at}[${index}]` : at;
      const profile = key === 'extension' && 'url' in element && typeof element.url === 'string' ? profileFor(element.url) : undefined;
      if (profile?.type === 'Extension') return fitNotes({ type: 'Extension', value: element }, profile, place);
      return extensionNotes(element, place);
    });
  });
}

function fitNotes(value: TypedValue, profile: StructureDefinition, place: string): Note[] {
  const tokens: Record<string, TypedValueWithPath[]> = {};
  // What is wrong without the profile as well was judged already, and by rules that know more.
  const known = new Set(issuesOf(value, {}).map(keyOf));
  const broken = issuesOf(value, { profile, collect: { tokens } }).filter((issue) => !known.has(keyOf(issue)));
  const by = nameOf(profile);
  const notes = [
    ...broken.map(({ severity, code, details, expression }): Note => ({
      severity: severity === 'error' ? 'error' : 'warning',
      code: code === 'invariant' ? 'invariant' : 'structure',
      path: expression?.[0] ?? value.type,
      message: `${details?.text ?? 'Does not fit'}${by}.`,
    })),
    ...Object.entries(tokens).flatMap(([url, values]) => bindingNotes(url, values, by)),
  ];
  return notes.map((note) => ({ ...note, path: note.path.startsWith(value.type) ? place + note.path.slice(value.type.length) : note.path }));
}

const nameOf = ({ url, version }: StructureDefinition): string => ` (profile ${url}${version ? `|${version}` : ''})`;

/** Medplum's validator throws its issues when one of them is an error. */
function issuesOf(value: TypedValue, options: ValidatorOptions): OperationOutcomeIssue[] {
  try {
    return validateTypedValue(value, options);
  } catch (error) {
    if (error instanceof OperationOutcomeError) return error.outcome.issue ?? [];
    throw error;
  }
}

const keyOf = ({ expression, details }: OperationOutcomeIssue): string => `${expression?.join()} ${details?.text}`;

function bindingNotes(url: string, values: readonly TypedValueWithPath[], by: string): Note[] {
  const codes = codesOf(url);
  if (!codes) {
    const [first] = values;
    return [{ severity: 'information', code: 'not-supported', path: first?.path ?? '', message: `The value set ${url} is not known here, so its codes were not checked${by}.` }];
  }
  return values
    .filter(({ type, value }) => !holds(type, value))
    .map(({ path }): Note => ({ severity: 'error', code: 'code-invalid', path, message: `Must be from the value set ${codes.name}${by}.` }));

  function holds(type: string, value: unknown): boolean {
    if (typeof value === 'string') return codes?.hasCode(value) ?? true;
    const codings = type === 'CodeableConcept' ? ((value as { coding?: unknown }).coding ?? []) : [value];
    return (codings as readonly { system?: string; code?: string }[]).some(({ system, code }) => code !== undefined && codes?.hasCoding(system, code));
  }
}
