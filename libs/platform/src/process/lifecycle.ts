import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from '../logging/logger.js';

/** How long a process may take to finish what it is doing before it is ended. */
const GRACE_MS = 10_000;

/**
 * Ends the process cleanly on SIGTERM, SIGINT or when the parent that started it over IPC is gone. Signals may come several times; only the
 * first counts. Work that does not finish within ten seconds is cut off: PostgreSQL remembers what was not done.
 */
export function stopCleanly(app: INestApplicationContext, logger: Logger): void {
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ event: 'process.stopping', reason });
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ event: 'process.stop-failed', error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('disconnect', () => stop('parent gone'));
  // The parent may have gone while this process was still starting.
  if (process.connected === false) stop('parent gone');
}

/** Tells the parent, if there is one, that this process is ready and where it listens. */
export const announceReady = (addresses: Readonly<Record<string, string>>): void => {
  process.send?.({ type: 'ready', addresses });
};
