import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { AuditWriter, CONFIG, Clients, DueWorkRegistry, KEYRING, LOGGER, OpenLoops, OutsideHttp, Transactions, type Config, type Keyring, type Logger } from '@cairn/platform';
import { AuditEvents } from './audit-events/audit-events.js';
import { RefusedAccess } from './audit-events/refused-access.js';
import { ConditionalReferences } from './bundle/conditional-references.js';
import { TransactionWrites } from './bundle/transaction.js';
import { openGlasses } from './access/broken-glass-task.js';
import { FhirCommands } from './commands/fhir-commands.js';
import { ExportController } from './export/export.controller.js';
import { ExportWork } from './export/export.work.js';
import { Answers } from './http/answers.js';
import { FhirController } from './http/fhir.controller.js';
import { FhirRouter } from './http/fhir-router.js';
import { PlainCreates } from './http/plain-creates.js';
import { ReadRequests } from './http/read-requests.js';
import { ConditionalCreates } from './interactions/conditional-create.js';
import { ConditionalDeletes } from './interactions/conditional-delete.js';
import { FhirReads } from './interactions/fhir-reads.js';
import { FhirWrites } from './interactions/fhir-writes.js';
import { ProcessMessageOperation } from './messages/process-message.operation.js';
import { FhirOperations } from './operations/fhir-operations.js';
import { registerOwnOperations } from './operations/own-operations.js';
import { ValidateOperation } from './operations/validate-operation.js';
import { RefusedWriteDesk } from './refused-writes/refused-write-desk.js';
import { RefusedWritePurge } from './refused-writes/refused-write-purge.work.js';
import { RefusedWriteReplay } from './refused-writes/refused-write-replay.js';
import { RefusedWriteController } from './refused-writes/refused-writes.controller.js';
import { RefusedWriteTasks, openRefusedWrites } from './refused-writes/refused-write-tasks.js';
import { RefusedWrites } from './refused-writes/refused-writes.js';
import { References } from './search-index/references.js';
import { Search } from './search/search.js';
import { FhirStore } from './store/fhir-store.js';
import { ResourceNumbers } from './store/sequence.js';
import { ResourceWriter } from './store/write-resources.js';
import { SubscriptionDeskController } from './subscriptions/subscription-desk.controller.js';
import { SubscriptionDesk } from './subscriptions/subscription-desk.queries.js';
import { SubscriptionResending } from './subscriptions/subscription-resending.js';
import { Subscriptions } from './subscriptions/subscriptions.js';
import { SubscriptionTopics, readTopics } from './subscriptions/topic.js';
import ownTopics from './subscriptions/topics.json' with { type: 'json' };
import { ContentRules } from './validation/content-rules.js';

/** The parts of the store that belong together: what features write and what comes over /fhir pass through the same writer and search. */
const STORE = Symbol('FhirStoreParts');

interface StoreParts {
  readonly base: string;
  readonly references: References;
  readonly search: Search;
  readonly writer: ResourceWriter;
}

const HOUR_MS = 60 * 60 * 1000;

/** The library that sanitises is loaded only where it is wanted. */
async function contentRules({ FHIR_NARRATIVE }: Config): Promise<ContentRules> {
  return new ContentRules(FHIR_NARRATIVE === 'sanitise' ? (await import('./validation/sanitise-narrative.js')).withSafeNarratives : undefined);
}

/** The FHIR R4 store and its API at /fhir. Global: features use FhirStore, and register with FhirCommands, FhirOperations and SubscriptionTopics. */
@Global()
@Module({
  controllers: [ExportController, FhirController, RefusedWriteController, SubscriptionDeskController],
  providers: [
    FhirCommands,
    FhirOperations,
    SubscriptionDesk,
    {
      provide: STORE,
      inject: [CONFIG],
      useFactory: (config: Config): StoreParts => {
        const base = `${config.PUBLIC_URL}/fhir`;
        const references = new References(base);
        return { base, references, search: new Search(references), writer: new ResourceWriter(new ResourceNumbers(), references) };
      },
    },
    {
      provide: ExportWork,
      inject: [Transactions, STORE, CONFIG],
      useFactory: (transactions: Transactions, { references }: StoreParts, config: Config) => new ExportWork(transactions, references, config.FHIR_EXPORT_HOURS * HOUR_MS),
    },
    { provide: FhirStore, inject: [STORE], useFactory: ({ writer, search }: StoreParts) => new FhirStore(writer, search) },
    { provide: SubscriptionTopics, inject: [STORE], useFactory: ({ base }: StoreParts) => new SubscriptionTopics(base) },
    {
      provide: Subscriptions,
      inject: [STORE, SubscriptionTopics, Transactions, KEYRING, OutsideHttp, CONFIG, LOGGER],
      useFactory: ({ base, search, writer }: StoreParts, topics: SubscriptionTopics, transactions: Transactions, keyring: Keyring, http: OutsideHttp, config: Config, logger: Logger) =>
        new Subscriptions({ base, search, writer, topics, transactions, keyring, http, config, logger }),
    },
    { provide: SubscriptionResending, inject: [Transactions, Subscriptions], useFactory: (transactions: Transactions, { records }: Subscriptions) => new SubscriptionResending(transactions, records) },
    { provide: RefusedWriteTasks, inject: [FhirStore], useFactory: (store: FhirStore) => new RefusedWriteTasks(store) },
    { provide: RefusedWrites, inject: [Transactions, KEYRING, RefusedWriteTasks, LOGGER], useFactory: (transactions: Transactions, keyring: Keyring, tasks: RefusedWriteTasks, logger: Logger) => new RefusedWrites(transactions, keyring, tasks, logger) },
    { provide: RefusedWriteDesk, inject: [Transactions, KEYRING, RefusedWriteTasks], useFactory: (transactions: Transactions, keyring: Keyring, tasks: RefusedWriteTasks) => new RefusedWriteDesk(transactions, keyring, tasks) },
    { provide: RefusedWritePurge, inject: [Transactions, RefusedWriteTasks], useFactory: (transactions: Transactions, tasks: RefusedWriteTasks) => new RefusedWritePurge(transactions, tasks) },
    {
      provide: RefusedWriteReplay,
      inject: [Transactions, KEYRING, Clients, FhirRouter, RefusedWriteTasks, CONFIG],
      useFactory: (transactions: Transactions, keyring: Keyring, clients: Clients, router: FhirRouter, tasks: RefusedWriteTasks, config: Config) =>
        new RefusedWriteReplay({ transactions, keyring, clients, router, tasks, base: config.PUBLIC_URL, limits: { maxDepth: config.FHIR_JSON_DEPTH_LIMIT } }),
    },
    {
      provide: FhirRouter,
      inject: [STORE, FhirCommands, FhirOperations, Subscriptions, RefusedWrites, Transactions, AuditWriter, LOGGER, CONFIG],
      useFactory: async ({ base, references, search, writer }: StoreParts, commands: FhirCommands, operations: FhirOperations, { admission }: Subscriptions, refusedWrites: RefusedWrites, transactions: Transactions, audits: AuditWriter, logger: Logger, config: Config) => {
        const creates = new ConditionalCreates(search);
        const rules = await contentRules(config);
        const writes = new FhirWrites({ writer, commands, search, references, subscriptions: admission, rules });
        const deletes = new ConditionalDeletes(search, config.FHIR_CONDITIONAL_DELETE_LIMIT);
        const bundles = new TransactionWrites(writes, creates, deletes, new ConditionalReferences(search), references);
        const answers = new Answers(base);
        const fhirReads = new FhirReads(search);
        const reads = new ReadRequests(fhirReads, new AuditEvents(search, references, fhirReads), references, answers);
        operations.register(new ValidateOperation(fhirReads, commands));
        operations.register(new ProcessMessageOperation(bundles, references, answers.base, config.FHIR_BUNDLE_LIMIT));
        registerOwnOperations(operations, { reads: fhirReads, references, answers });
        const plainCreates = new PlainCreates(transactions, writes, answers);
        const parts = { transactions, audits, reads, operations, writes, plainCreates, creates, deletes, bundles, answers, refusals: new RefusedAccess(transactions, references), refusedWrites, logger };
        return new FhirRouter(parts, { maxEntries: config.FHIR_BUNDLE_LIMIT });
      },
    },
  ],
  exports: [FhirStore, FhirCommands, FhirOperations, SubscriptionTopics],
})
export class FhirModule implements OnModuleInit {
  constructor(
    private readonly operations: FhirOperations,
    private readonly topics: SubscriptionTopics,
    private readonly subscriptions: Subscriptions,
    private readonly work: DueWorkRegistry,
    private readonly exports: ExportWork,
    private readonly purge: RefusedWritePurge,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    for (const topic of readTopics(ownTopics)) this.topics.register(topic);
    this.subscriptions.register(this.operations, this.work);
    this.work.register(this.exports);
    this.work.register(this.purge);
    this.loops.register(openRefusedWrites);
    this.loops.register(openGlasses);
  }
}
