import type { AccessPolicy } from '../access/access-policy.js';
import { restrictionSql, type SqlContext } from './criterion-sql.js';
import { either } from './value-sql.js';

/** The condition that a resource `r` is of one of these types and, among those of its type, one that the caller may have without naming it. */
export function listedSql(types: readonly string[], policy: AccessPolicy, context: SqlContext): string {
  const whole: string[] = [];
  const partly: string[] = [];
  for (const type of types) {
    const restriction = policy.listing(type);
    if (restriction === undefined) whole.push(type);
    else if (restriction.length > 0) partly.push(`(r.resource_type = ${context.bindings.add(type)} and ${restrictionSql(restriction, context)})`);
  }
  return either([...(whole.length > 0 ? [`r.resource_type = any(${context.bindings.add(whole)}::text[])`] : []), ...partly]);
}
