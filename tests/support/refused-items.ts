import type { OperationOutcome } from '@medplum/fhirtypes';

/** A refused write as `/api/v1/refused-writes` shows it. */
export interface Item {
  readonly id: string;
  readonly clientId: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly problem: string;
  readonly times: number;
  readonly state: string;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly availableActions: readonly string[];
  readonly outcome: OperationOutcome;
  readonly request?: { readonly url: string; readonly headers: Record<string, string>; readonly body: string; readonly isCut: boolean };
  readonly result?: { readonly status: number; readonly resources: readonly string[] } | null;
}

/** A page of them. */
export interface Page {
  readonly items: readonly Item[];
  readonly next?: string;
}
