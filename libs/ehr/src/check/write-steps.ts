import { offered, type Capability } from '../connection/capability.js';
import { explain } from '../delivery/problems.js';
import { matchesIn } from '../delivery/remote-resources.js';
import { judge, type Interaction } from '../delivery/verdict.js';
import { contains, contentOf } from '../exchange/canonical.js';
import { searchOf } from '../exchange/outgoing.js';
import { logicalId, tryFhirJson, writeFhirJson } from '../fhir-json.js';
import type { EhrAddress } from '../outside/ehr-address.js';
import type { EhrFhir, FhirAnswer } from '../outside/ehr-fhir.js';
import type { CheckStep } from './check-step.js';
import { TELLING_DECIMAL, testResource, type TestResource } from './test-resource.js';

const failedAs = (step: string, answer: FhirAnswer, interaction: Interaction): CheckStep => {
  const verdict = judge(answer.status, interaction);
  const { says, mend } = verdict.kind === 'taken' ? { says: 'The EHR answered something unexpected.', mend: 'Ask the EHR’s vendor.' } : explain(verdict.problem);
  return { step, outcome: 'failed', found: `HTTP ${answer.status}. ${says}`, mend };
};

/** Creates, reads, changes and removes one test resource at the EHR, and tells what came of each. */
export class WriteSteps {
  constructor(
    private readonly fhir: EhrFhir,
    private readonly ehr: EhrAddress,
    private readonly capability: Capability,
  ) {}

  async *run(): AsyncGenerator<CheckStep> {
    const test = testResource(this.capability);
    if (!test) {
      const mend = 'Ask the EHR’s vendor to open Communication or DocumentReference for writing, with conditional create or search by identifier.';
      yield { step: 'conditional create', outcome: 'failed', found: 'The EHR takes neither Communication nor DocumentReference, so it can’t be told of anything it has no type for.', mend };
      return;
    }
    const body = writeFhirJson(test.content);
    const query = new URLSearchParams({ identifier: searchOf(test.identifier) }).toString();
    const created = await this.fhir.create(this.ehr, test.type, body, query);
    const id = created.createdId ?? logicalId(tryFhirJson(created.text));
    if (created.status >= 300 || !id) {
      yield failedAs('conditional create', created, 'create');
      return;
    }
    try {
      yield await this.#again(test, body, query, id);
      yield* this.#roundTrip(test, id);
      yield await this.#staleUpdate(test, id);
    } finally {
      yield await this.#tidy(test, id);
    }
  }

  /** The same create once more: a lost answer must not make a second resource. */
  async #again(test: TestResource, body: string, query: string, id: string): Promise<CheckStep> {
    const step = 'conditional create';
    if (!offered(this.capability, test.type).conditionalCreate) {
      const found = await this.fhir.search(this.ehr, test.type, { identifier: searchOf(test.identifier), _count: '2' });
      return matchesIn(found.text, test.type).length === 1
        ? { step, outcome: 'warning', found: `The EHR does not claim to honour If-None-Exist; Cairn searches by identifier before each create of ${test.type}.`, mend: 'Ask the EHR’s vendor for conditional create: it is faster and leaves no gap.' }
        : { step, outcome: 'failed', found: 'The EHR has no conditional create, and does not find what was created by its identifier.', mend: 'Ask the EHR’s vendor to support search by identifier.' };
    }
    const second = await this.fhir.create(this.ehr, test.type, body, query);
    const secondId = second.createdId ?? logicalId(tryFhirJson(second.text));
    if (second.status === 200 && (secondId === undefined || secondId === id)) return { step, outcome: 'passed', found: `Sent twice, ${test.type} was created once.` };
    if (second.status === 201 && secondId && secondId !== id) {
      await this.#tidy(test, secondId);
      return { step, outcome: 'failed', found: `Sent twice, ${test.type} was created twice: the EHR ignores If-None-Exist though it claims to honour it.`, mend: 'Ask the EHR’s vendor to honour If-None-Exist.' };
    }
    return failedAs(step, second, 'create');
  }

  async *#roundTrip(test: TestResource, id: string): AsyncGenerator<CheckStep> {
    const read = await this.fhir.read(this.ehr, test.type, id);
    const back = tryFhirJson(read.text);
    if (read.status !== 200 || !back) {
      yield failedAs('read', read, 'read');
      return;
    }
    yield { step: 'read', outcome: 'passed', found: `The ${test.type} that was created can be read.` };
    if (!contains(back, contentOf(test.content))) {
      const mend = 'Cairn cannot tell a change made by people at this EHR from what the EHR itself drops. Ask the vendor to keep extensions.';
      yield { step: 'round trip', outcome: 'warning', found: 'The EHR changes or drops extensions.', mend };
    } else if (!read.text.includes(TELLING_DECIMAL)) {
      yield { step: 'round trip', outcome: 'warning', found: 'Extensions come back, but decimals lose their last zero (1.10 became 1.1), and with it their precision.', mend: 'Ask the EHR’s vendor; FHIR asks that precision be kept.' };
    } else {
      yield { step: 'round trip', outcome: 'passed', found: 'A resource rich in extensions comes back as it was sent.' };
    }
  }

  async #staleUpdate(test: TestResource, id: string): Promise<CheckStep> {
    const step = 'guarded update';
    const can = offered(this.capability, test.type);
    if (!can.update) return { step, outcome: 'warning', found: `${test.type} can be created but not changed: each change is told by a new one.` };
    const { version } = await this.fhir.read(this.ehr, test.type, id);
    const body = writeFhirJson({ ...test.content, id });
    const first = await this.fhir.update(this.ehr, test.type, id, body, version);
    if (first.status >= 300) return failedAs(step, first, 'update');
    const mend = 'Ask the EHR’s vendor to honour If-Match (versioned-update), so that nobody’s change is overwritten unseen.';
    if (!version || !can.versioned) return { step, outcome: 'warning', found: 'The EHR tells no versions, so that If-Match can’t guard a change; Cairn reads before each.', mend };
    const changed = writeFhirJson({ ...test.withdrawn, id });
    await this.fhir.update(this.ehr, test.type, id, changed, undefined);
    const stale = await this.fhir.update(this.ehr, test.type, id, body, version);
    return stale.status === 412 || stale.status === 409
      ? { step, outcome: 'passed', found: 'A change of a version that is no longer in force is refused.' }
      : { step, outcome: 'failed', found: `A change of a version that is no longer in force was answered with HTTP ${stale.status}.`, mend };
  }

  async #tidy(test: TestResource, id: string): Promise<CheckStep> {
    const step = 'tidy up';
    const can = offered(this.capability, test.type);
    const gone = can.delete ? await this.fhir.remove(this.ehr, test.type, id) : undefined;
    if (gone && gone.status < 300) return { step, outcome: 'passed', found: 'The test resource was deleted.' };
    const marked = can.update ? await this.fhir.update(this.ehr, test.type, id, writeFhirJson({ ...test.withdrawn, id }), undefined) : undefined;
    if (marked && marked.status < 300) return { step, outcome: 'passed', found: `The test resource stays as ${test.type}/${id}, marked as entered in error.` };
    return { step, outcome: 'warning', found: `The test resource ${test.type}/${id} could not be removed.`, mend: 'Delete it at the EHR; it is about no patient.' };
  }
}
