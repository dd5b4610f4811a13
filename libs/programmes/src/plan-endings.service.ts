import { Injectable } from '@nestjs/common';
import { PLAN_REVOKED, PLAN_VOIDED } from '@cairn/plans';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { EnrolmentRecords } from './enrolment-records.service.js';
import { Enrolments } from './enrolments.service.js';
import { OPEN_ENROLMENT_STATES } from './enrolment.workflow.js';

/** Ends what a care plan asked of programmes when the plan is revoked or was entered in error. One that is completed lets its people finish. */
@Injectable()
export class PlanEndings implements EventHandler {
  readonly name = 'programmes.plan-endings';
  readonly events = [PLAN_REVOKED, PLAN_VOIDED];

  constructor(
    private readonly records: EnrolmentRecords,
    private readonly enrolments: Enrolments,
  ) {}

  async handle(tx: Tx, { ids }: OutboxEvent): Promise<void> {
    const rows = await tx.query<{ id: string }>({
      name: 'enrolments-of-plan',
      text: 'select id from enrolment where clinic_id = $1 and plan_id = $2 and state = any($3) order by id',
      values: [tx.scope.clinicId, ids['planId'], OPEN_ENROLMENT_STATES],
    });
    for (const { id } of rows) {
      const locked = await this.records.lock(tx, id);
      if ((OPEN_ENROLMENT_STATES as readonly string[]).includes(locked.enrolment.state)) await this.enrolments.leave(tx, locked, 'The care plan ended.');
    }
  }
}
