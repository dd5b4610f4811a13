import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import { ContactDesk } from './contact-desk.service.js';
import { consentBody, fhirId, optBody, preferencesBody, type ConsentBody, type OptBody, type PreferencesBody } from './contact.dto.js';
import type { ContactProfile } from './contact-preferences.service.js';
import type { PatientFacts } from './patient.fhir.js';

/** Patients as the clinic's people see them, and how they may be contacted. */
@ApiTags('Patients')
@Controller('api/v1/patients/:id')
export class ContactController {
  constructor(private readonly desk: ContactDesk) {}

  @Get()
  @Needs('patient.read')
  @ApiOperation({ summary: 'What Cairn knows of a patient: name, language, how to reach, access needs' })
  @ApiOkResponse({ description: 'The facts, read from the FHIR Patient' })
  async patient(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string): Promise<PatientFacts> {
    return this.desk.patient(scope, id);
  }

  @Get('contact-preferences')
  @Needs('patient.contact')
  @ApiOperation({ summary: 'How a patient may be contacted: channels in order, zone, consents and opt-outs in force' })
  @ApiOkResponse({ description: 'The preferences; the ETag is what a change must name' })
  async profile(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ContactProfile> {
    return answered(reply, await this.desk.profile(scope, id));
  }

  @Put('contact-preferences')
  @Needs('patient.contact')
  @ApiOperation({ summary: 'Set the channels in order of preference, and the zone of the patient’s clock' })
  @ApiHeader({ name: 'If-Match', required: true, description: 'The ETag that was read', example: 'W/"1"' })
  @ApiOkResponse({ description: 'The preferences as they are now' })
  async choose(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: fhirId }) id: string,
    @Body({ schema: preferencesBody }) choice: PreferencesBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ContactProfile> {
    return answered(reply, await this.desk.choose(scope, id, choice, versionIn(ifMatch)));
  }

  @Get('consents')
  @Needs('patient.contact')
  @ApiOperation({ summary: 'The consents to be contacted that are in force' })
  async consents(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string): Promise<{ consents: ContactProfile['standing']['consents'] }> {
    const { standing } = await this.desk.profile(scope, id);
    return { consents: standing.consents };
  }

  @Post('consents')
  @HttpCode(201)
  @Needs('patient.contact')
  @ApiOperation({ summary: 'Record that a patient gave, or withdrew, consent to messages about a topic on a channel' })
  @ApiCreatedResponse({ description: 'Where the patient stands now' })
  async consent(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string, @Body({ schema: consentBody }) consent: ConsentBody): Promise<ContactProfile> {
    return this.desk.consent(scope, id, consent);
  }

  @Get('opt-outs')
  @Needs('patient.contact')
  @ApiOperation({ summary: 'The opt-outs that are in force' })
  async optOuts(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string): Promise<{ optOuts: ContactProfile['standing']['optOuts'] }> {
    const { standing } = await this.desk.profile(scope, id);
    return { optOuts: standing.optOuts };
  }

  @Post('opt-outs')
  @HttpCode(201)
  @Needs('patient.contact')
  @ApiOperation({ summary: 'Record that a patient wants no more messages about a topic, or none at all' })
  @ApiCreatedResponse({ description: 'Where the patient stands now' })
  async optOut(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string, @Body({ schema: optBody }) optOut: OptBody): Promise<ContactProfile> {
    return this.desk.optOut(scope, id, optOut);
  }

  @Post('opt-ins')
  @HttpCode(201)
  @Needs('patient.contact')
  @ApiOperation({ summary: 'Record that a patient wants messages about a topic, or all, again' })
  @ApiCreatedResponse({ description: 'Where the patient stands now' })
  async optIn(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string, @Body({ schema: optBody }) optIn: OptBody): Promise<ContactProfile> {
    return this.desk.optIn(scope, id, optIn);
  }
}

const answered = (reply: FastifyReply, profile: ContactProfile): ContactProfile => {
  reply.header('etag', etag(profile.version));
  return profile;
};
