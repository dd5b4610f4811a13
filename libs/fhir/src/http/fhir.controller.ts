import { All, Controller, Get, Header, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Clock } from '@cairn/kernel';
import { CLOCK, CONFIG, CurrentScope, Public, type Config, type Scope } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FhirOperations } from '../operations/fhir-operations.js';
import { prettyJson } from '../lossless/pretty-json.js';
import { RefusedWrites } from '../refused-writes/refused-writes.js';
import { SubscriptionTopics } from '../subscriptions/topic.js';
import { abridge } from './abridge.js';
import { contentOf, wantsContent, type BinaryContent } from './binary-content.js';
import { capabilityStatement } from './capability-statement.js';
import { splitUrl, type FhirAnswer } from './fhir-request.js';
import { FhirRouter } from './fhir-router.js';
import { presentationIn, shapeIn } from './presentation.js';
import { FHIR_HEADERS, readSent, takesContent, type SentRequest } from './sent-request.js';
import { smartConfiguration } from './smart-configuration.js';

const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** FHIR R4 over HTTP: turns requests into what the router understands, and its answers into replies. */
@ApiExcludeController()
@Controller('fhir')
export class FhirController {
  #capability: string | undefined;

  constructor(
    private readonly router: FhirRouter,
    private readonly operations: FhirOperations,
    private readonly topics: SubscriptionTopics,
    private readonly refused: RefusedWrites,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What the server can do. Needs no token. */
  @Public()
  @Get('metadata')
  @Header('content-type', FHIR_JSON)
  metadata(@Req() { url, headers }: FastifyRequest): string {
    const { query } = splitUrl(url, this.config.PUBLIC_URL);
    const { pretty } = presentationIn(query, single(headers.accept));
    const shape = shapeIn(query, ['CapabilityStatement']);
    const json = shape ? abridge('CapabilityStatement', this.#statement, shape) : this.#statement;
    return pretty ? prettyJson(json) : json;
  }

  get #statement(): string {
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
    const sent = sentBy(request);
    const { pretty, answer, content } = await this.#answer(scope, sent, request).catch(async (error: unknown) => {
      await this.refused.keep(scope, sent, error);
      throw error;
    });
    const { status, headers = {}, json } = answer;
    reply.status(status).headers(headers);
    // A browser that opens it must neither run nor render it.
    if (content) await reply.type(content.type).header('content-disposition', 'attachment').header('content-security-policy', 'sandbox').send(content.bytes);
    else if (json === undefined) await reply.send();
    else await reply.type(FHIR_JSON).send(pretty ? prettyJson(json) : json);
  }

  async #answer(scope: Scope, sent: SentRequest, { refusedBody, headers }: FastifyRequest): Promise<{ pretty: boolean; answer: FhirAnswer; content?: BinaryContent | undefined }> {
    if (refusedBody && !(refusedBody.isWhole && takesContent(sent.method, splitUrl(sent.url, this.config.PUBLIC_URL).path) && sent.headers['content-type'])) throw refusedBody.error;
    const asked = readSent(sent, this.config.PUBLIC_URL, { maxDepth: this.config.FHIR_JSON_DEPTH_LIMIT });
    const accept = single(headers.accept);
    if (wantsContent(asked, accept)) {
      const answer = await this.router.handle(scope, asked);
      return { pretty: false, answer, content: contentOf(answer) };
    }
    const { pretty } = presentationIn(asked.query, accept);
    return { pretty, answer: await this.router.handle(scope, asked) };
  }
}

function sentBy({ method, url, headers, body, refusedBody }: FastifyRequest): SentRequest {
  return {
    method,
    url: url.replace(/^\/fhir\/?/, ''),
    headers: Object.fromEntries(FHIR_HEADERS.map((name) => [name, single(headers[name])])),
    ...(typeof body === 'string' || Buffer.isBuffer(body) ? { body } : {}),
    ...(refusedBody?.isWhole === false ? { isCut: true } : {}),
  };
}

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header.join(', ') : header);
