import { may, type Scope } from '@cairn/platform';
import type { OperationOutcome } from '@medplum/fhirtypes';
import type { KeptRequest } from './sealed-request.js';
import type { REFUSED_WRITE_STATES } from './refused-write.dto.js';

/** What came of a replay that went through. */
export interface ReplayResult {
  readonly status: number;
  /** `Type/id` of what was written. */
  readonly resources: readonly string[];
}

/** A refused write as a list shows it: nothing of what was sent. */
export interface RefusedWriteItem {
  readonly id: string;
  readonly client: string;
  readonly clientId: string;
  readonly connectionId: string | null;
  readonly method: string;
  /** What it was sent to: a resource type, `Bundle`, `$process-message` or `unknown`. */
  readonly target: string;
  readonly bytes: number;
  readonly status: number;
  /** The refusal in a sentence. */
  readonly problem: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** How often the same was sent. */
  readonly times: number;
  /** When it is deleted, whatever became of it. */
  readonly purgeAt: Date;
  readonly state: (typeof REFUSED_WRITE_STATES)[number];
  /** Who replayed or dismissed it, or tried to, last. */
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly reason: string | null;
  readonly availableActions: readonly ('replay' | 'dismiss')[];
}

/** One refused write. What was sent, and what a replay made of it, only for those who may see it. */
export interface RefusedWriteView extends RefusedWriteItem {
  readonly outcome: OperationOutcome;
  readonly result?: ReplayResult | null;
  readonly request?: { readonly url: string; readonly headers: Readonly<Record<string, string | undefined>>; readonly body: string; readonly isCut: boolean };
}

/** A row without what is sealed. */
export type RefusedWriteRow = Omit<RefusedWriteItem, 'availableActions'>;

/** The columns of {@link RefusedWriteRow}. */
export const ITEM_COLUMNS = `id, client_name as client, client_id as "clientId", connection_id as "connectionId", method, target, bytes::float8 as bytes, status,
  coalesce(outcome #>> '{issue,0,details,text}', '') as problem, first_at as "firstAt", last_at as "lastAt", times, purge_at as "purgeAt", state,
  decided_by as "decidedBy", decided_at as "decidedAt", reason`;

export const itemOf = (row: RefusedWriteRow, { actor }: Scope): RefusedWriteItem => ({ ...row, availableActions: row.state === 'kept' && may(actor, 'refusal.replay') ? ['replay', 'dismiss'] : [] });

/** The request as a person reads it; `isCut` where only the beginning of its body could be kept. Bytes that are no UTF-8 are shown as the replacement character. */
export const shownRequest = ({ url, headers, body, isCut = false }: KeptRequest): NonNullable<RefusedWriteView['request']> => ({ url, headers, body: body.toString('utf8'), isCut });
