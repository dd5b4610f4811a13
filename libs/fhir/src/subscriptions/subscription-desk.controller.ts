import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiConflictResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { SubscriptionDesk, type DeadLetterView, type SubscriptionView } from './subscription-desk.queries.js';
import { SubscriptionResending } from './subscription-resending.js';

const uuid = z.uuid();

/** The Subscriptions that hospitals' systems hold at /fhir, for hospital IT: how each does, and what did not arrive. Redacted: no resource, no patient. */
@ApiTags('EHR connections')
@Controller('api/v1/fhir-subscriptions')
export class SubscriptionDeskController {
  constructor(
    private readonly desk: SubscriptionDesk,
    private readonly resending: SubscriptionResending,
  ) {}

  @Get()
  @Needs('link.read')
  @ApiOperation({ summary: 'The Subscriptions that systems hold at /fhir, those in error first' })
  @ApiOkResponse({ description: 'State, host, problem in a plain sentence, and how many events wait or were given up' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: SubscriptionView[] }> {
    return this.desk.list(scope);
  }

  @Get(':id/dead-letters')
  @Needs('link.read')
  @ApiOperation({ summary: 'Events of one Subscription that were given up; the subscriber reads them by $events' })
  @ApiOkResponse({ description: 'Numbers and times, newest first' })
  async deadLetters(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<{ items: DeadLetterView[] }> {
    return this.desk.deadLetters(scope, id);
  }

  @Post(':id/resending')
  @HttpCode(200)
  @Needs('link.manage')
  @ApiOperation({ summary: 'Send the dead letters of one Subscription again, once its endpoint is mended' })
  @ApiOkResponse({ description: 'How many events go out again, under the numbers they had' })
  @ApiConflictResponse({ description: 'Nothing to send again, newer events were delivered since, or a notification is under way' })
  async resend(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<{ events: number }> {
    return { events: await this.resending.resend(scope, id) };
  }
}
