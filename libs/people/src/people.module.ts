import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirCommands } from '@cairn/fhir';
import { BreakGlassController } from './break-glass.controller.js';
import { BreakGlass } from './break-glass.service.js';
import { ClinicSeed } from './clinic-seed.js';
import { ContactController } from './contact.controller.js';
import { ContactDefaults } from './contact-defaults.js';
import { ContactDesk } from './contact-desk.service.js';
import { ContactPreferences } from './contact-preferences.service.js';
import { DisclosuresController } from './disclosures.controller.js';
import { Disclosures } from './disclosures.service.js';
import { PatientLinks } from './patient-links.service.js';
import { Patients } from './patients.service.js';
import { Practitioners } from './practitioners.service.js';

const offered = [Patients, ContactPreferences, PatientLinks, Practitioners, ClinicSeed];

/** Patients, practitioners, the clinic, contact preferences and consent. */
@Module({ controllers: [ContactController, BreakGlassController, DisclosuresController], providers: [...offered, BreakGlass, Disclosures, ContactDesk, ContactDefaults], exports: offered })
export class PeopleModule implements OnModuleInit {
  constructor(
    private readonly commands: FhirCommands,
    private readonly defaults: ContactDefaults,
  ) {}

  onModuleInit(): void {
    this.commands.register(this.defaults);
  }
}
