import { html, type SafeHtml } from '@cairn/platform';
import type { ItemDecision, ItemOutcome } from './agenda-item.entity.js';
import type { Attendee, Colleague } from './conference.entity.js';
import { recommendationDisplay, sourceDisplay, type AgendaSource } from './conference-words.js';
import { votesInWords } from './decision.fhir.js';
import { missingInWords, type Quorum } from './quorum.js';

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1rem}table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:.4rem;text-align:left;vertical-align:top}';

/** What the minutes of one patient say. */
export interface MinutesFacts {
  readonly clinic: string;
  readonly title: string;
  /** When it was held, in the clinic's words and zone. */
  readonly heldAt: string;
  readonly attendance: readonly Attendee[];
  readonly quorum: Quorum;
  readonly patient: { readonly name: string; readonly birthDate: string };
  readonly question: string;
  readonly source: AgendaSource;
  readonly presenter: Colleague | null;
  readonly urgentReason: string | null;
  readonly outcome: ItemOutcome | null;
  readonly decision: ItemDecision | null;
  /** Who signed; absent while it is a draft. */
  readonly signed?: { readonly name: string; readonly at: string };
}

const page = (title: string, body: SafeHtml): string =>
  `<!doctype html>${html`<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body>${body}</body></html>`.text}`;

const people = (attendance: readonly Attendee[], present: boolean): string =>
  attendance
    .filter((attendee) => attendee.present === present)
    .map(({ name, discipline }) => `${name} (${discipline})`)
    .join(', ') || 'nobody';

function decisionOf(decision: ItemDecision): SafeHtml {
  return html`<h2>Decision</h2><p>${decision.rationale}</p><p>Votes: ${votesInWords(decision)}.</p>
${decision.dissent.length > 0 && html`<h3>Dissent</h3><ul>${decision.dissent.map(({ name, reason }) => html`<li>${name}: ${reason}</li>`)}</ul>`}
<h3>Recommendations</h3><table><thead><tr><th>What</th><th>In detail</th><th>Owner</th><th>By</th></tr></thead><tbody>
${decision.recommendations.map(({ code, detail, owner, dueDate }) => html`<tr><td>${recommendationDisplay(code)}</td><td>${detail}</td><td>${owner.name}</td><td>${dueDate}</td></tr>`)}
</tbody></table>`;
}

const outcomeOf = ({ outcome, decision }: MinutesFacts): SafeHtml => {
  if (outcome === 'decided' && decision) return decisionOf(decision);
  return outcome === 'not-discussed' ? html`<p>Listed, not discussed. The case returns to the next agenda.</p>` : html`<p>No outcome has been recorded.</p>`;
};

/** The minutes of one patient as a page that stands alone: who met, what was asked, what was decided. The signature is made over its bytes. */
export function minutesPage(facts: MinutesFacts): string {
  const { signed, quorum, urgentReason, presenter } = facts;
  return page(
    `Minutes: ${facts.title}`,
    html`<h1>Minutes: ${facts.title}</h1>
<p>${facts.clinic}, ${facts.heldAt}${!signed && html` (draft)`}</p>
<p>Patient: ${facts.patient.name}, born ${facts.patient.birthDate}</p>
<p>Present: ${people(facts.attendance, true)}. Absent: ${people(facts.attendance, false)}.</p>
<p>${quorum.met ? 'The meeting had its quorum.' : `The meeting had no quorum; missing: ${missingInWords(quorum)}.`}</p>
<h2>Question</h2><p>${facts.question}</p>
<p>Source: ${sourceDisplay(facts.source)}.${presenter && html` Presented by ${presenter.name}.`}${urgentReason && html` Added after the lock as urgent: ${urgentReason}`}</p>
${outcomeOf(facts)}
${signed && html`<p>Signed by ${signed.name}, ${signed.at}.</p>`}`,
  );
}

/** An addendum to signed minutes. */
export const addendumPage = (facts: { readonly clinic: string; readonly title: string; readonly text: string; readonly signed: { readonly name: string; readonly at: string } }): string =>
  page(
    `Addendum: ${facts.title}`,
    html`<h1>Addendum: ${facts.title}</h1><p>${facts.clinic}</p><p>${facts.text}</p><p>Signed by ${facts.signed.name}, ${facts.signed.at}.</p>`,
  );
