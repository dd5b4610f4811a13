import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Does, type ReferralAct } from './actions/referral-act.js';

/**
 * An act on a referral: what it does, what stands on its button, and what the API page says. Every one answers the referral as it is then. A decision asks for
 * If-Match; elsewhere it is honoured.
 */
export function Act(act: ReferralAct, title: string, summary: string, { decision = false } = {}): MethodDecorator {
  return applyDecorators(
    Does(act, title, decision),
    HttpCode(200),
    ApiOperation({ summary }),
    ApiHeader({ name: 'If-Match', required: decision, description: 'The ETag of the referral that was read', example: 'W/"1"' }),
    ApiOkResponse({ description: 'The referral as it is now, with what you may do next' }),
  );
}
