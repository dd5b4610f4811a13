import { ApiHeader } from '@nestjs/swagger';

/** Says for the API page that the version may be named. */
export const MayNameVersion = (): MethodDecorator => ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that was read', example: 'W/"1"' });
/** Says for the API page that the version must be named. */
export const MustNameVersion = (): MethodDecorator => ApiHeader({ name: 'If-Match', required: true, description: 'The ETag that was read', example: 'W/"1"' });
