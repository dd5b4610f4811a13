import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject, type SwaggerDocumentOptions } from '@nestjs/swagger';
import type { Config } from '@cairn/platform';
import { z } from 'zod';

type StandardSchemaConverter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;

/** The OpenAPI description of what is registered. */
function describeApi(app: NestFastifyApplication, config: Config): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Cairn')
    .setDescription('Care coordination for chronic-pain clinics. FHIR R4 stands at /fhir (see /fhir/metadata); this page describes the REST interface that coordinators and clinicians use.')
    .setVersion('1')
    .addServer(config.PUBLIC_URL)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, description, { standardSchemaConverter });
}

/** A request's schema in the words of OpenAPI 3.0. Where a format says what a text must look like, the pattern that checks it would only hide that. */
const standardSchemaConverter: StandardSchemaConverter = (schema) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  });
  return { schema: described };
};

/** Serves the description at /docs (a page) and /docs/openapi.json. */
export function serveOpenApi(app: NestFastifyApplication, config: Config): void {
  SwaggerModule.setup('docs', app, () => describeApi(app, config), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Cairn API',
  });
}
