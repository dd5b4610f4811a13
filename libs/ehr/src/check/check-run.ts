import { RealClock, type Clock } from '@cairn/kernel';
import type { SourceFacts } from '@cairn/referrals';
import { offered, type Capability } from '../connection/capability.js';
import { formsTold } from '../connection/connection.queries.js';
import { allows } from '../connection/smart-scope.js';
import { explain } from '../delivery/problems.js';
import { judge, judgeFailure } from '../delivery/verdict.js';
import type { EhrAddress } from '../outside/ehr-address.js';
import type { EhrFhir } from '../outside/ehr-fhir.js';
import type { SmartDiscovery } from '../outside/smart-discovery.js';
import { TokenRefused, type EhrToken, type SmartTokens } from '../outside/smart-tokens.js';
import type { CheckStep } from './check-step.js';
import { WriteSteps } from './write-steps.js';

/** Skew of the two clocks, in seconds, from which a warning is given, and from which tokens and versions can no longer be trusted. */
const SKEW = { warning: 30, failure: 120 };

/** What a self-test works with. */
export interface CheckTools {
  readonly fhir: EhrFhir;
  readonly tokens: SmartTokens;
  readonly discovery: SmartDiscovery;
  /** Algorithm of the key that signs Cairn's assertions. */
  readonly algorithm: string;
  /** Reads the CapabilityStatement and keeps it with the connection. */
  readonly capability: () => Promise<Capability>;
  /** Keeps the token endpoint with the connection. */
  readonly keepEndpoint: (tokenEndpoint: string) => Promise<void>;
}

/** One self-test of one connection. Every step is tried as far as those before it allow. */
export class CheckRun {
  readonly steps: CheckStep[] = [];
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly tools: CheckTools,
    private readonly ehr: EhrAddress,
    private readonly source: SourceFacts,
  ) {}

  async run(write: boolean): Promise<CheckStep[]> {
    const capability = await this.#try('capabilities', () => this.#capabilities());
    await this.#try('clocks', () => this.#clocks());
    await this.#try('discovery', () => this.#discovery());
    const token = await this.#try('token', () => this.#token());
    if (!capability || !token) {
      this.#note({ step: 'exchange', outcome: 'skipped', found: 'Nothing more can be tested before the steps above are mended.' });
      return this.steps;
    }
    this.#scopes(token, capability);
    await this.#try('search', () => this.#search());
    if (write) await this.#try('write', () => this.#write(capability));
    else this.#note({ step: 'write', outcome: 'skipped', found: 'Writing was not tested, as asked.' });
    this.#forms(capability);
    return this.steps;
  }

  async #capabilities(): Promise<Capability> {
    const capability = await this.tools.capability();
    const { fhirVersion, software, types } = capability;
    if (!fhirVersion.startsWith('4.0')) {
      this.#note({ step: 'capabilities', outcome: 'failed', found: `The EHR speaks FHIR ${fhirVersion}.`, mend: 'Give the base URL of its R4 (4.0.1) endpoint.' });
    } else {
      this.#note({ step: 'capabilities', outcome: 'passed', found: `${software} speaks FHIR ${fhirVersion} and offers ${Object.keys(types).length} types.` });
    }
    return capability;
  }

  async #clocks(): Promise<void> {
    const { date } = await this.tools.fhir.capabilities(this.ehr);
    if (!date) return this.#note({ step: 'clocks', outcome: 'warning', found: 'The EHR does not tell its time in the Date header.' });
    const skew = Math.round(Math.abs(date.getTime() - this.#clock.now().getTime()) / 1000);
    const mend = 'Set both clocks by NTP: tokens are refused when they differ.';
    if (skew > SKEW.failure) return this.#note({ step: 'clocks', outcome: 'failed', found: `The clocks differ by ${skew} s.`, mend });
    if (skew > SKEW.warning) return this.#note({ step: 'clocks', outcome: 'warning', found: `The clocks differ by ${skew} s.`, mend });
    this.#note({ step: 'clocks', outcome: 'passed', found: `The clocks differ by ${skew} s.` });
  }

  async #discovery(): Promise<void> {
    const { tokenEndpoint, algorithms, methods } = await this.tools.discovery.discover(this.ehr);
    await this.tools.keepEndpoint(tokenEndpoint);
    const { algorithm } = this.tools;
    if (algorithms && !algorithms.includes(algorithm)) {
      return this.#note({ step: 'discovery', outcome: 'failed', found: `The EHR takes assertions signed with ${algorithms.join(', ')}; Cairn signs with ${algorithm}.`, mend: `Allow ${algorithm} at the EHR; SMART Backend Services asks for it.` });
    }
    if (methods && !methods.includes('private_key_jwt')) {
      return this.#note({ step: 'discovery', outcome: 'failed', found: 'The EHR does not offer private_key_jwt.', mend: 'Enable SMART Backend Services at the EHR.' });
    }
    this.#note({ step: 'discovery', outcome: 'passed', found: `Tokens come from ${tokenEndpoint}.` });
  }

  async #token(): Promise<EhrToken | undefined> {
    try {
      const token = await this.tools.tokens.renew(this.ehr);
      this.#note({ step: 'token', outcome: 'passed', found: 'The EHR gave Cairn a token.' });
      return token;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      this.#note({ step: 'token', outcome: 'failed', found: error.message, mend: explain('no-token').mend });
      return undefined;
    }
  }

  #scopes({ scopes }: EhrToken, capability: Capability): void {
    const missing: string[] = [];
    if (!allows(scopes, 'Patient', 'search')) missing.push('system/Patient.rs');
    if (!allows(scopes, 'ServiceRequest', 'search') && offered(capability, 'ServiceRequest').search) missing.push('system/ServiceRequest.rs');
    for (const type of new Set(Object.values(formsTold(capability)))) {
      if (!type) continue;
      const wanted = (['create', 'read', 'search', 'update'] as const).filter((interaction) => offered(capability, type)[interaction]);
      if (wanted.some((interaction) => !allows(scopes, type, interaction))) missing.push(`system/${type}.crus`);
    }
    if (missing.length === 0) return this.#note({ step: 'scopes', outcome: 'passed', found: 'The token covers all that the exchange needs.' });
    this.#note({ step: 'scopes', outcome: 'failed', found: `The token lacks ${missing.join(' ')}.`, mend: 'Grant these scopes to Cairn’s client at the EHR, and ask for them in this connection.' });
  }

  /** Looks for a patient whom nobody has, so that no patient's data is touched. */
  async #search(): Promise<void> {
    const answer = await this.tools.fhir.search(this.ehr, 'Patient', { identifier: 'urn:cairn:check|nobody', _count: '1' });
    const verdict = judge(answer.status, 'search');
    if (verdict.kind === 'taken') return this.#note({ step: 'search', outcome: 'passed', found: 'Patients can be searched by identifier.' });
    this.#note({ step: 'search', outcome: 'failed', found: `HTTP ${answer.status} to a search for a patient by identifier.`, mend: 'Open search by identifier on Patient: Cairn finds patients by nothing else.' });
  }

  async #write(capability: Capability): Promise<void> {
    for await (const step of new WriteSteps(this.tools.fhir, this.ehr, capability).run()) this.#note(step);
  }

  #forms(capability: Capability): void {
    const told = formsTold(capability);
    for (const [type, form] of Object.entries(told)) {
      if (form === type) continue;
      if (form) this.#note({ step: `tell ${type}`, outcome: 'warning', found: `The EHR takes no ${type} from Cairn; it is told by a ${form} instead.` });
      else this.#note({ step: `tell ${type}`, outcome: 'warning', found: `The EHR can't be told of a ${type} in any form.`, mend: explain('no-form').mend });
    }
    if (this.source.taskHost === 'requester' && !offered(capability, 'Task').update) {
      this.#note({ step: 'task host', outcome: 'failed', found: 'This connection says that the EHR hosts the Task, and the EHR lets nobody change a Task.', mend: 'Set the connection’s task host to cairn.' });
    }
  }

  async #try<T>(step: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const { problem } = judgeFailure(error);
      if (problem === 'internal') throw error;
      this.#note({ step, outcome: 'failed', found: explain(problem).says, mend: explain(problem).mend });
      return undefined;
    }
  }

  #note(step: CheckStep): void {
    this.steps.push(step);
  }
}
