import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject, type SwaggerDocumentOptions } from '@nestjs/swagger';
import type { Config } from '@cairn/platform';
import { z } from 'zod';

type SchemaObject = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
type StandardSchemaConverter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;

const text = (example: string): { type: 'string'; example: string } => ({ type: 'string', example });

/** What every refusal on /api looks like. */
const PROBLEM: SchemaObject = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'correlationId'],
  properties: {
    type: text('urn:cairn:problem:fields'),
    title: text('The request is not valid'),
    status: { type: 'integer', example: 400 },
    detail: text('Some fields are missing or wrong.'),
    code: text('fields'),
    correlationId: { ...text('0190a4de-5d0a-7c3e-9b1f-2f6f0c1d2e3f'), description: 'Stands in the log beside the cause.' },
    errors: { type: 'array', items: { type: 'object', required: ['field', 'message'], properties: { field: text('urgency'), message: text('Choose one of routine, urgent, asap, stat.') } } },
  },
};

/** The OpenAPI description of what is registered. */
function describeApi(app: NestFastifyApplication, config: Config): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Cairn')
    .setDescription('Care coordination for chronic-pain clinics. FHIR R4 stands at /fhir (see /fhir/metadata); this page describes the REST interface that coordinators and clinicians use.')
    .setVersion('1')
    .addServer(config.PUBLIC_URL)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
    .addGlobalResponse({
      status: '4XX',
      description: 'Refused. `detail` says why and what to do, `errors` names the fields at fault.',
      content: { 'application/problem+json': { schema: PROBLEM } },
    })
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
