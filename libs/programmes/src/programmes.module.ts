import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirModule } from '@cairn/fhir';
import { PeopleModule } from '@cairn/people';
import { PlansModule } from '@cairn/plans';
import { ReferralsModule } from '@cairn/referrals';
import { DueWorkRegistry, EventHandlers } from '@cairn/platform';
import { AttendanceRegister } from './attendance-register.service.js';
import { EnrolmentRecords } from './enrolment-records.service.js';
import { EnrolmentController } from './enrolment.controller.js';
import { EnrolmentQueries } from './enrolment.queries.js';
import { Enrolments } from './enrolments.service.js';
import { OfferLapseWork } from './offer-lapse.work.js';
import { Places } from './places.service.js';
import { PlanEndings } from './plan-endings.service.js';
import { ProgrammeCatalogue } from './programme-catalogue.service.js';
import { ProgrammeController } from './programme.controller.js';

/** Group education and rehabilitation courses: who is referred, who has a place, who came. */
@Module({
  imports: [FhirModule, PeopleModule, PlansModule, ReferralsModule],
  controllers: [ProgrammeController, EnrolmentController],
  providers: [AttendanceRegister, EnrolmentQueries, EnrolmentRecords, Enrolments, OfferLapseWork, Places, PlanEndings, ProgrammeCatalogue],
})
export class ProgrammesModule implements OnModuleInit {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly handlers: EventHandlers,
    private readonly lapse: OfferLapseWork,
    private readonly endings: PlanEndings,
  ) {}

  onModuleInit(): void {
    this.registry.register(this.lapse);
    this.handlers.register(this.endings);
  }
}
