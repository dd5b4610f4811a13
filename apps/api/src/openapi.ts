import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Config } from '@cairn/platform';

/** The OpenAPI description of what is registered. */
export function describeApi(app: NestFastifyApplication, config: Config): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Cairn')
    .setDescription('Care coordination for chronic-pain clinics. FHIR R4 stands at /fhir (see /fhir/metadata); this page describes the REST interface that coordinators and clinicians use.')
    .setVersion('1')
    .addServer(config.PUBLIC_URL)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, description);
}

/** Serves the description at /docs (a page) and /docs/openapi.json. */
export function serveOpenApi(app: NestFastifyApplication, config: Config): void {
  SwaggerModule.setup('docs', app, () => describeApi(app, config), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Cairn API',
  });
}
