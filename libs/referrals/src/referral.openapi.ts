import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

/** Describes an act on a referral for the API page: every one answers the referral as it is then. A decision asks for If-Match; elsewhere it is honoured. */
export function Act(summary: string, { decision = false } = {}): MethodDecorator {
  return applyDecorators(
    HttpCode(200),
    ApiOperation({ summary }),
    ApiHeader({ name: 'If-Match', required: decision, description: 'The ETag of the referral that was read', example: 'W/"1"' }),
    ApiOkResponse({ description: 'The referral as it is now, with what you may do next' }),
  );
}
