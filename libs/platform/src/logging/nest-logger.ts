import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** Lets Nest write through the process's logger. Its chatter about routes goes to debug. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ event: 'nest', context, note: String(message) });
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ event: 'nest', context: rest.at(-1), error: message instanceof Error ? message : undefined, note: message instanceof Error ? message.name : String(message) });
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ event: 'nest', context, note: String(message) });
  }
}
