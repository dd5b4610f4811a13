import { All, Controller, Get, Header, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Clock } from '@cairn/kernel';
import { CLOCK, CONFIG, CurrentScope, Public, type Config, type Scope } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FhirOperations } from '../operations/fhir-operations.js';
import { prettyJson } from '../lossless/pretty-json.js';
import { readBody, readText } from '../lossless/read-body.js';
import { SubscriptionTopics } from '../subscriptions/topic.js';
import { capabilityStatement } from './capability-statement.js';
import { methodNotAllowed, splitUrl, type FhirRequest } from './fhir-request.js';
import { FhirRouter } from './fhir-router.js';
import { presentationIn } from './presentation.js';
import { smartConfiguration } from './smart-configuration.js';

const FHIR_JSON = 'application/fhir+json; charset=utf-8';
const HEADERS = ['prefer', 'if-match', 'if-none-exist', 'if-none-match', 'if-modified-since'] as const;

/** FHIR R4 over HTTP: turns requests into what the router understands, and its answers into replies. */
@ApiExcludeController()
@Controller('fhir')
export class FhirController {
  #capability: string | undefined;

  constructor(
    private readonly router: FhirRouter,
    private readonly operations: FhirOperations,
    private readonly topics: SubscriptionTopics,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What the server can do. Needs no token. */
  @Public()
  @Get('metadata')
  @Header('content-type', FHIR_JSON)
  metadata(): string {
    this.#capability ??= JSON.stringify(capabilityStatement({ publicUrl: this.config.PUBLIC_URL, version: '1', date: this.clock.now(), deletesAtOnce: this.config.FHIR_CONDITIONAL_DELETE_LIMIT, operations: this.operations, topics: this.topics }));
    return this.#capability;
  }

  /** Where tokens come from. Needs no token. */
  @Public()
  @Get('.well-known/smart-configuration')
  @Header('content-type', 'application/json')
  smartConfiguration(): object {
    return smartConfiguration(this.config.PUBLIC_URL);
  }

  /** Everything else: the FHIR RESTful API. */
  @All(['', '*'])
  async fhir(@CurrentScope() scope: Scope, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = this.#read(request);
    const { pretty } = presentationIn(asked.query, single(request.headers.accept));
    const { status, headers = {}, json } = await this.router.handle(scope, asked);
    reply.status(status).headers(headers);
    if (json === undefined) await reply.send();
    else await reply.type(FHIR_JSON).send(pretty ? prettyJson(json) : json);
  }

  #read(request: FastifyRequest): FhirRequest {
    const { path, query } = splitUrl(request.url.replace(/^\/fhir\/?/, ''), this.config.PUBLIC_URL);
    const headers = Object.fromEntries(HEADERS.map((name) => [name, single(request.headers[name])]));
    const common = { method: request.method, path, headers };
    const { body } = request;
    if (typeof body === 'string') {
      // A form, which only a search may send (R4 search.html#Introduction).
      if (path.at(-1) !== '_search') throw methodNotAllowed('A form by POST');
      return { ...common, query: [...query, ...new URLSearchParams(body)] };
    }
    if (!Buffer.isBuffer(body)) return { ...common, query };
    const limits = { maxDepth: this.config.FHIR_JSON_DEPTH_LIMIT };
    const isPatch = request.headers['content-type']?.startsWith('application/json-patch+json') ?? false;
    return { ...common, query, ...(isPatch ? { operations: readText(body, limits) } : { body: readBody(body, limits) }) };
  }
}

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header.join(', ') : header);
