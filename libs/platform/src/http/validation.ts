import { StandardSchemaValidationPipe } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import type { CairnError } from '@cairn/kernel';

type Issues = Parameters<NonNullable<NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']>>[0];

const pathOf = (issue: Issues[number]): string =>
  (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.');

const refuse = (issues: Issues): CairnError =>
  invalid('Some fields are missing or wrong.', {
    code: 'fields',
    issues: issues.map((issue) => ({ path: pathOf(issue) || '(body)', message: issue.message })),
  });

/** Checks every parameter that carries a schema: `@Body({ schema })`, `@Query({ schema })`, `@Param('id', { schema })`. */
export const schemaValidation = (): StandardSchemaValidationPipe => new StandardSchemaValidationPipe({ exceptionFactory: refuse });
