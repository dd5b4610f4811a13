import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, withExample, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { EhrChecks, type CheckReport } from './check/ehr-checks.service.js';
import { ConnectionQueries, type ConnectionView, type UntoldCount } from './connection/connection.queries.js';
import { EhrConnections } from './connection/ehr-connections.service.js';
import { Deliveries } from './delivery/deliveries.service.js';
import { DeliveryQueries, type DeliveryHistory, type DeliveryView, type Page, type UntoldView } from './delivery/delivery.queries.js';
import { DELIVERY_STATES } from './delivery/delivery.workflow.js';
import { checkBody, deliveryQuery, reasonBody, replayAllBody, untoldQuery, type CheckBody, type DeliveryQuery, type ReasonBody, type ReplayAllBody, type UntoldQuery } from './ehr.dto.js';

const uuid = z.uuid();

/** The links to outside EHRs, for hospital IT: how they are, what is on its way, what did not arrive. Redacted: no clinical content, no patient. */
@ApiTags('EHR connections')
@Controller('api/v1/ehr/connections')
export class EhrConnectionController {
  constructor(
    private readonly connections: EhrConnections,
    private readonly queries: ConnectionQueries,
    private readonly deliveries: Deliveries,
    private readonly deliveryQueries: DeliveryQueries,
    private readonly checks: EhrChecks,
  ) {}

  @Get()
  @Needs('link.read')
  @ApiOperation({ summary: 'The EHRs that this clinic is connected to, and how each link is doing' })
  @ApiOkResponse({ description: 'All connections, by name' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: ConnectionView[] }> {
    return this.queries.list(scope);
  }

  @Get(':id')
  @Needs('link.read')
  @ApiOperation({ summary: 'One connection: what the EHR takes, in which form it is told of what, and what waits' })
  @ApiOkResponse({ description: 'The connection; secrets are never shown' })
  async one(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<ConnectionView> {
    return this.queries.one(scope, id);
  }

  @Post(':id/pause')
  @HttpCode(204)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Hold deliveries to this EHR, such as during its maintenance; they wait in order' })
  @ApiNoContentResponse()
  async pause(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<void> {
    await this.connections.pause(scope, id);
  }

  @Delete(':id/pause')
  @HttpCode(204)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Let deliveries to this EHR go on' })
  @ApiNoContentResponse()
  async resume(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<void> {
    await this.connections.resume(scope, id);
  }

  @Get(':id/deliveries')
  @Needs('link.read')
  @ApiOperation({ summary: 'Deliveries to this EHR, newest first, redacted' })
  @ApiQuery({ name: 'state', required: false, enum: DELIVERY_STATES, example: 'dead' })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'A page of deliveries, each with its problem in a plain sentence and how to mend it' })
  async deliveriesOf(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Query({ schema: deliveryQuery }) query: DeliveryQuery): Promise<Page<DeliveryView>> {
    return this.deliveryQueries.list(scope, id, query);
  }

  @Get(':id/deliveries/:delivery')
  @Needs('link.read')
  @ApiOperation({ summary: 'One delivery with every try and decision' })
  @ApiOkResponse({ description: 'The delivery and its history' })
  async delivery(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Param('delivery', { schema: uuid }) delivery: string): Promise<DeliveryHistory> {
    return this.deliveryQueries.one(scope, id, delivery);
  }

  @Post(':id/deliveries/:delivery/replay')
  @HttpCode(200)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Send a delivery again that did not arrive; decides for Cairn’s version after a foreign change' })
  @ApiOkResponse({ description: 'The delivery as it stands now' })
  async replay(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Param('delivery', { schema: uuid }) delivery: string,
    @Body({ schema: withExample(reasonBody, { reason: 'Scope added at the EHR' }) }) { reason }: ReasonBody,
  ): Promise<DeliveryHistory> {
    await this.deliveries.replay(scope, id, delivery, reason);
    return this.deliveryQueries.one(scope, id, delivery);
  }

  @Post(':id/deliveries/:delivery/dismissal')
  @HttpCode(200)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Set a delivery aside that did not arrive; leaves the EHR’s version after a foreign change' })
  @ApiOkResponse({ description: 'The delivery as it stands now' })
  async dismiss(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Param('delivery', { schema: uuid }) delivery: string,
    @Body({ schema: withExample(reasonBody, { reason: 'Told by telephone' }) }) { reason }: ReasonBody,
  ): Promise<DeliveryHistory> {
    await this.deliveries.dismiss(scope, id, delivery, reason);
    return this.deliveryQueries.one(scope, id, delivery);
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Send all dead deliveries of this connection again, or those of one problem' })
  @ApiOkResponse({ description: 'How many go out again', example: { replayed: 3 } })
  async replayAll(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Body({ schema: withExample(replayAllBody, { reason: 'Scope added at the EHR', problem: 'forbidden-there' }) }) { reason, problem }: ReplayAllBody): Promise<{ replayed: number }> {
    return { replayed: await this.deliveries.replayAll(scope, id, reason, problem) };
  }

  @Get(':id/untold')
  @Needs('link.read')
  @ApiOperation({ summary: 'What this EHR could not be told, counted by type and reason' })
  @ApiOkResponse({ description: 'Counts with a plain sentence on how to mend each' })
  async untold(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<{ items: UntoldCount[] }> {
    return this.queries.untold(scope, id);
  }

  @Post(':id/checks')
  @HttpCode(201)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Test the connection now: capabilities, clocks, discovery, token, scopes, search and, when asked, writing' })
  @ApiCreatedResponse({ description: 'Each step with what was found, and how to mend it' })
  async check(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Body({ schema: withExample(checkBody, { write: true }) }) body: CheckBody): Promise<CheckReport> {
    return this.checks.run(scope, id, body);
  }

  @Get(':id/checks')
  @Needs('link.read')
  @ApiOperation({ summary: 'The latest tests of the connection, newest first' })
  @ApiOkResponse({ description: 'At most twenty' })
  async checked(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<{ items: CheckReport[] }> {
    return this.checks.latest(scope, id);
  }
}

/** What EHRs were not told of a patient, for the care team. */
@ApiTags('EHR connections')
@Controller('api/v1/ehr/untold')
export class UntoldController {
  constructor(private readonly deliveries: DeliveryQueries) {}

  @Get()
  @Needs('patient.read')
  @ApiOperation({ summary: 'What could not be told of a patient to the EHRs that share them' })
  @ApiQuery({ name: 'patient', description: 'Logical id of the Patient' })
  @ApiQuery({ name: 'after', required: false })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'Newest first, each with its reason' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: untoldQuery }) query: UntoldQuery): Promise<Page<UntoldView>> {
    return this.deliveries.untoldOf(scope, query);
  }
}
