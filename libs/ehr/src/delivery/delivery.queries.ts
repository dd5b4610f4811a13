import { Injectable } from '@nestjs/common';
import { availableEvents, notFound } from '@cairn/kernel';
import { Transactions, audit, may, type Scope } from '@cairn/platform';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { EhrDeliveryTransition } from './delivery-transition.entity.js';
import { EhrDelivery } from './delivery.entity.js';
import { HOLDING_STATES, deliveryMachine, type DeliveryState } from './delivery.workflow.js';
import { explain } from './problems.js';

/** A page of a list. `next` is the cursor of the page after it, absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Which page of a list is asked for. */
interface PageAsked {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A delivery as those who watch the link see it: where it stands and what to do, nothing of what it says or of whom. */
export interface DeliveryView {
  readonly id: string;
  /** `Type/id` here, and the version that was to be told. */
  readonly resource: string;
  readonly resourceVersion: number;
  readonly state: DeliveryState;
  /** The type in which the EHR was told, and what it calls the result. */
  readonly form: string | null;
  readonly remote: string | null;
  readonly problem: { readonly code: string; readonly says: string; readonly mend: string; readonly httpStatus: number | null } | null;
  readonly attempts: number;
  readonly nextTryAt: Date | null;
  readonly madeAt: Date;
  readonly endedAt: Date | null;
  readonly correlationId: string;
  readonly availableActions: readonly ('replay' | 'dismiss')[];
}

/** A delivery with every try and decision, oldest first. */
export interface DeliveryHistory extends DeliveryView {
  readonly steps: readonly { readonly at: Date; readonly event: string; readonly from: string; readonly to: string; readonly problem: string | null; readonly httpStatus: number | null; readonly by: string; readonly reason: string | null }[];
}

/** What an EHR does not know of a patient. */
export interface UntoldView extends DeliveryView {
  readonly connection: { readonly id: string; readonly name: string };
}

/** States in which the EHR has not been told, and nothing more happens by itself. */
const UNTOLD: DeliveryState[] = ['dead', 'not-taken', 'dismissed'];

/** Reads deliveries for people. Lists that hospital IT sees leave out what is withheld: that a patient has sensitive content is itself sensitive. */
@Injectable()
export class DeliveryQueries {
  constructor(private readonly transactions: Transactions) {}

  /** Deliveries of one connection, newest first. Refuses with `not-found`. */
  async list(scope: Scope, connectionId: string, { state, after, limit }: PageAsked & { readonly state?: DeliveryState | undefined }): Promise<Page<DeliveryView>> {
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      if ((await tx.em.count(EhrConnection, { clinicId, id: connectionId })) === 0) throw notFound('The connection');
      const where = { clinicId, connectionId, ...VISIBLE, ...(state && { state }), ...(after && { id: { $lt: after } }) };
      const rows = await tx.em.find(EhrDelivery, where, { orderBy: { id: 'desc' }, limit: limit + 1 });
      await audit(tx, { action: 'read', what: 'ehr.delivery-list', entities: [`EhrConnection/${connectionId}`] });
      return pageOf(rows, limit, (row) => viewOf(row, scope));
    });
  }

  /** One delivery with its history. Refuses with `not-found`. */
  async one(scope: Scope, connectionId: string, id: string): Promise<DeliveryHistory> {
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      const delivery = await tx.em.findOne(EhrDelivery, { clinicId, connectionId, id, ...VISIBLE });
      if (!delivery) throw notFound('The delivery');
      const steps = await tx.em.find(EhrDeliveryTransition, { clinicId, deliveryId: id }, { orderBy: { id: 'asc' }, limit: 500 });
      await audit(tx, { action: 'read', what: 'ehr.delivery', entities: [`${delivery.resourceType}/${delivery.resourceId}`], patients: [delivery.patientId] });
      return {
        ...viewOf(delivery, scope),
        steps: steps.map((step) => ({
          at: step.recordedAt,
          event: step.event,
          from: step.fromState,
          to: step.toState,
          problem: step.problem,
          httpStatus: step.httpStatus,
          by: `${step.actorKind} ${step.actorId}`,
          reason: step.reason,
        })),
      };
    });
  }

  /** What EHRs were not told of one patient, newest first, with the name of the connection. For the care team. */
  async untoldOf(scope: Scope, { patient, after, limit }: PageAsked & { readonly patient: string }): Promise<Page<UntoldView>> {
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      const where = { clinicId, patientId: patient, state: { $in: UNTOLD }, ...(after && { id: { $lt: after } }) };
      const rows = await tx.em.find(EhrDelivery, where, { orderBy: { id: 'desc' }, limit: limit + 1 });
      const connections = await tx.em.find(EhrConnection, { clinicId, id: { $in: rows.map(({ connectionId }) => connectionId) } });
      const names = new Map(connections.map(({ id, name }) => [id, name]));
      await audit(tx, { action: 'read', what: 'ehr.untold', patients: [patient] });
      return pageOf(rows, limit, (row) => ({ ...viewOf(row, scope), connection: { id: row.connectionId, name: names.get(row.connectionId) ?? '' } }));
    });
  }
}

const VISIBLE = { $or: [{ problem: null }, { problem: { $ne: 'withheld' } }] };

function pageOf<Row extends { id: string }, View>(rows: readonly Row[], limit: number, view: (row: Row) => View): Page<View> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), ...(rows.length > limit && last ? { next: last.id } : {}) };
}

function viewOf(delivery: EhrDelivery, { actor }: Scope): DeliveryView {
  const { id, resourceType, resourceId, resourceVersion, state, form, remote, problem, httpStatus, attempts, dueAt, madeAt, endedAt, correlationId } = delivery;
  const events = may(actor, 'link.manage') ? availableEvents(deliveryMachine, state, { due: true, attemptsLeft: true }) : [];
  return {
    id,
    resource: `${resourceType}/${resourceId}`,
    resourceVersion,
    state,
    form,
    remote,
    problem: problem === null ? null : { code: problem, ...explain(problem), httpStatus },
    attempts,
    nextTryAt: HOLDING_STATES.includes(state) ? dueAt : null,
    madeAt,
    endedAt,
    correlationId,
    availableActions: (['replay', 'dismiss'] as const).filter((action) => events.includes(action)),
  };
}
