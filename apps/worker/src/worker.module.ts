import { Module, type DynamicModule } from '@nestjs/common';
import { PlatformModule, WorkModule, type Config, type Logger } from '@cairn/platform';
import { entities, featureModules } from '../../features.js';

/** The worker: queue processors and the sweeper, over the same features. */
@Module({})
export class WorkerModule {
  static forRoot(config: Config, logger: Logger): DynamicModule {
    return {
      module: WorkerModule,
      imports: [PlatformModule.forRoot({ config, logger, entities }), ...featureModules, WorkModule.forRoot({ concurrency: config.WORKER_CONCURRENCY })],
    };
  }
}
