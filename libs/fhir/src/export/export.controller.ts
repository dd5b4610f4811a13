import { Readable, pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Controller, Delete, Get, HttpCode, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { CairnError, isUuid, notFound, type Clock } from '@cairn/kernel';
import { CLOCK, CONFIG, CurrentScope, KEYRING, Transactions, noticesFor, type Config, type Keyring, type Scope, type Tx } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ExportFiles, filesOf } from './export-files.js';
import { findOwn, markRemoved, type ExportJob } from './export-jobs.js';
import { openFile, sealFile } from './export-links.js';

/** Seconds after which a client should ask again how far an export is. */
const RETRY_AFTER = 2;

/** What became of bulk exports: status, files and deletion (Bulk Data Access IG 2.0, export.html). All of it only for the client that asked. */
@ApiExcludeController()
@Controller('fhir/export')
export class ExportController {
  readonly #files: ExportFiles;

  constructor(
    private readonly transactions: Transactions,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.#files = new ExportFiles(transactions);
  }

  /** 202 with how far it is, or 200 with the manifest. */
  @Get(':id')
  async status(@CurrentScope() scope: Scope, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const { job, manifest } = await this.transactions.read(scope, async (tx) => {
      const found = await own(tx, id);
      return { job: found, manifest: found.state === 'complete' ? await this.#manifest(tx, found) : undefined };
    });
    if (job.state === 'failed') throw new CairnError('internal', 'The export failed. Ask for it again; quote the correlation id if it fails again.', { code: 'export-failed' });
    if (manifest) {
      await reply.status(200).header('expires', job.dueAt.toUTCString()).type('application/json').send(JSON.stringify(manifest));
      return;
    }
    await reply.status(202).header('x-progress', progressOf(job)).header('retry-after', String(RETRY_AFTER)).send();
  }

  /** Cancels an export, or takes its files away. */
  @Delete(':id')
  @HttpCode(202)
  async remove(@CurrentScope() scope: Scope, @Param('id') id: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => markRemoved(tx, await own(tx, id)));
  }

  /** One file, as lines of JSON. */
  @Get(':id/:file')
  async file(@CurrentScope() scope: Scope, @Param('id') id: string, @Param('file') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { file } = openFile(this.keyring, id, name, this.clock.now());
    const job = await this.transactions.read(scope, (tx) => own(tx, id));
    if (job.state !== 'complete') throw notFound('The file');
    // One part at a time is read ahead, however slowly it is fetched.
    const { labels = 0 } = (await this.transactions.read(scope, (tx) => filesOf(tx, job))).find((each) => each.file === file) ?? {};
    const notices = noticesFor(labels);
    if (notices.length > 0) reply.header('x-confidentiality-notice', notices.join(' '));
    const lines = Readable.from(await this.#files.open(scope, job, file), { objectMode: false, highWaterMark: 1 });
    reply.type('application/fhir+ndjson').header('vary', 'accept-encoding');
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
      await reply.send(lines);
      return;
    }
    // An error ends both, and so the answer.
    await reply.header('content-encoding', 'gzip').send(pipeline(lines, createGzip({ level: 1 }), () => undefined));
  }

  async #manifest(tx: Tx, job: ExportJob): Promise<object> {
    const expires = job.dueAt.getTime();
    const url = (file: number): string => `${this.config.PUBLIC_URL}/fhir/export/${job.id}/${sealFile(this.keyring, { exportId: job.id, file, expires })}`;
    const files = await filesOf(tx, job);
    return {
      transactionTime: job.transactionTime?.toISOString(),
      request: job.requestUrl,
      requiresAccessToken: true,
      output: files.map(({ file, type, count, labels }) => ({ type, url: url(file), count, ...noticed(labels) })),
      error: [],
      ...noticed(files.reduce((bits, { labels }) => bits | labels, 0)),
    };
  }
}

/** What the law wants said along with records of these labels, in the place that a manifest has for more than the standard knows. */
function noticed(labels: number): { extension?: object } {
  const notices = noticesFor(labels);
  return notices.length === 0 ? {} : { extension: { 'urn:cairn:confidentiality-notice': notices } };
}

/** Refuses with 404 what the caller didn't ask for, exactly like what isn't there. */
async function own(tx: Tx, id: string): Promise<ExportJob> {
  const job = isUuid(id) ? await findOwn(tx, id) : undefined;
  if (!job) throw notFound('The export');
  return job;
}

const progressOf = ({ state, typesDone, types, resources }: ExportJob): string =>
  state === 'waiting' ? 'Waiting for a worker' : `${typesDone} of ${types.length} types done, ${resources} resources written`;
