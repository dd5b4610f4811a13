import { EverythingOperation } from '../everything/everything.operation.js';
import { ExportOperation } from '../export/export.operation.js';
import type { Answers } from '../http/answers.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import { MatchOperation } from '../match/match.operation.js';
import { MetaOperation } from '../meta/meta.operation.js';
import type { References } from '../search-index/references.js';
import type { FhirOperations } from './fhir-operations.js';

/** What the store's own operations are made of. */
export interface OperationParts {
  readonly reads: FhirReads;
  readonly references: References;
  readonly answers: Answers;
}

/** Registers the operations that the store itself offers; features register theirs when they start. */
export function registerOwnOperations(operations: FhirOperations, { reads, references, answers }: OperationParts): void {
  operations.register(new MetaOperation(reads, references, answers));
  operations.register(new EverythingOperation(reads, references, answers));
  operations.register(new MatchOperation(references, answers));
  for (const level of ['system', 'patient', 'group'] as const) operations.register(new ExportOperation(level, answers.base, reads, references));
}
