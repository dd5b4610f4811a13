import { Module, type DynamicModule } from '@nestjs/common';
import { PlatformModule, type Config, type Logger } from '@cairn/platform';
import { entities, featureModules } from '../../features.js';

/** The API: everything that speaks HTTP. */
@Module({})
export class ApiModule {
  static forRoot(config: Config, logger: Logger): DynamicModule {
    return { module: ApiModule, imports: [PlatformModule.forRoot({ config, logger, entities }), ...featureModules] };
  }
}
