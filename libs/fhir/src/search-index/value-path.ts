import { capitalize } from '@medplum/core';
import { structureOf } from '../definitions/structures.js';

/** One step into a resource: the JSON key, and which of its values count. */
interface Step {
  readonly key: string;
  readonly where?: { readonly key: string; readonly value: string };
  readonly firstOnly?: boolean;
}

/** A way from the root of a resource to values of one data type. */
export interface ValuePath {
  readonly steps: readonly Step[];
  /** FHIR data type of the values, such as `CodeableConcept`. */
  readonly type: string;
  /** Whether a resource can have several values on this path. */
  readonly repeats: boolean;
}

/** A search parameter's expression, made ready: all ways to its values. */
export interface ValueExpression {
  /** The expression in one spelling, without a condition on a reference's target: the same for all parameters that look at the same values. */
  readonly normal: string;
  readonly paths: readonly ValuePath[];
  /** Set by `where(resolve() is Patient)`: only references to this type. */
  readonly target?: string;
  /** Set by `x.exists() and x != false`: the value is whether there is one that isn't false. */
  readonly asPresence: boolean;
}

const PRESENCE = /^(\S+)\.exists\(\) and \1 != false$/;
const TARGET = /\.where\(resolve\(\) is (\w+)\)/;

/**
 * Reads an expression of R4's search parameters for a type. These use a small part of FHIRPath: steps, casts, `where` with one
 * comparison, an index and one presence test. Refuses any other, so that a definition is never misread in silence.
 */
export function readExpression(type: string, expression: string): ValueExpression {
  const presence = PRESENCE.exec(expression)?.[1];
  let normal = (presence ?? expression).replace(/\((\S+) as (\w+)\)/g, '$1.ofType($2)').replace(/\.as\(/g, '.ofType(');
  if (normal.startsWith('(')) normal = normal.replace(/^\((.*)\)/, '$1');
  const target = TARGET.exec(normal)?.[1];
  normal = normal.replace(TARGET, '');
  const [, ...segments] = segmentsOf(normal);
  const paths = segments.reduce((reached, segment) => advance(reached, segment, expression), [rootOf(type)]);
  return { normal, paths, asPresence: presence !== undefined, ...(target ? { target } : {}) };
}

/** The ways from a composite's element, of this type, to the values of one of its components: `code`, or `value.ofType(Quantity) | …`. */
export function readComponent(type: string, expression: string): ValuePath[] {
  // R4's code-value-date says DateTime for dateTime.
  const parts = expression.replace('ofType(DateTime)', 'ofType(dateTime)').split('|');
  return parts.flatMap((part) => segmentsOf(part.trim()).reduce((reached, segment) => advance(reached, segment, expression), [rootOf(type)]));
}

const segmentsOf = (expression: string): string[] => expression.match(/[^.()]+(?:\([^()]*\))?/g) ?? [];

const rootOf = (type: string): ValuePath => ({ steps: [], type, repeats: false });

function advance(paths: readonly ValuePath[], segment: string, expression: string): ValuePath[] {
  const cast = /^ofType\((\w+)\)$/.exec(segment)?.[1];
  if (cast) return paths.filter(({ type }) => type === cast);
  const where = /^where\((\w+)\s*=\s*'([^']*)'\)$/.exec(segment);
  if (where) return paths.map((path) => withLast(path, { where: { key: where[1] ?? '', value: where[2] ?? '' } }));
  const field = /^(\w+)(\[0\])?$/.exec(segment);
  if (!field) throw new Error(`A search parameter's expression can't be read: ${expression}`);
  const next = paths.flatMap((path) => into(path, field[1] ?? ''));
  return field[2] ? next.map((path) => withLast(path, { firstOnly: true })) : next;
}

const withLast = (path: ValuePath, change: Partial<Step>): ValuePath => ({
  ...path,
  steps: path.steps.map((step, index) => (index === path.steps.length - 1 ? { ...step, ...change } : step)),
});

function into(path: ValuePath, field: string): ValuePath[] {
  const { elements } = structureOf(path.type);
  const plain = elements[field];
  const element = plain ?? elements[`${field}[x]`];
  return (element?.type ?? []).map(({ code }) => ({
    steps: [...path.steps, { key: plain ? field : field + capitalize(code) }],
    type: code,
    repeats: path.repeats || element?.isArray === true,
  }));
}

/** Calls `found` with each value that the path leads to in the resource. */
export function walk(resource: unknown, path: ValuePath, found: (value: unknown) => void): void {
  follow(resource, path.steps, 0, found);
}

/** Whether the path leads to any value in the resource. */
export function leadsSomewhere(resource: unknown, path: ValuePath): boolean {
  let found = false;
  walk(resource, path, () => (found = true));
  return found;
}

function follow(value: unknown, steps: readonly Step[], at: number, found: (value: unknown) => void): void {
  const step = steps[at];
  if (!step) {
    found(value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const next = (value as Record<string, unknown>)[step.key];
  if (next === undefined || next === null) return;
  if (!Array.isArray(next)) {
    if (matches(next, step)) follow(next, steps, at + 1, found);
    return;
  }
  for (const element of step.firstOnly ? next.slice(0, 1) : next) {
    if (matches(element, step)) follow(element, steps, at + 1, found);
  }
}

const matches = (value: unknown, { where }: Step): boolean =>
  value !== null && (!where || (typeof value === 'object' && (value as Record<string, unknown>)[where.key] === where.value));
