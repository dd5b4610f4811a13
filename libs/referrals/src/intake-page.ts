import { PAGE_LANGUAGES, htmlPage, type Help, type PageLanguage } from '@cairn/outcomes';
import { SafeHtml, html } from '@cairn/platform';
import words from './intake-page-words.json' with { type: 'json' };

type Word = keyof typeof words.en;

/** The questions about red flags that anybody can answer. */
export const ASKED_FLAGS = ['bladder-bowel', 'saddle-anaesthesia', 'leg-weakness', 'fever', 'recent-trauma', 'cancer-history', 'weight-loss', 'mental-health-crisis'] as const;

const say = (language: PageLanguage, word: Word, values: Readonly<Record<string, string>> = {}): string =>
  words[language][word].replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

export interface IntakeFormFacts {
  readonly language: PageLanguage;
  readonly clinic: string;
  readonly kind: 'self' | 'community-worker';
  /** What was sent before, when the page comes back with faults. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Names of the fields at fault. */
  readonly faults?: ReadonlySet<string>;
}

type Kind = 'text' | 'date' | 'tel' | 'email' | 'textarea';
const FIELDS: readonly (readonly [name: Word, kind: Kind, required: boolean])[] = [
  ['givenName', 'text', true],
  ['familyName', 'text', true],
  ['birthDate', 'date', true],
  ['phone', 'tel', true],
  ['email', 'email', false],
  ['reason', 'textarea', true],
  ['onset', 'textarea', true],
  ['medicines', 'textarea', false],
  ['goals', 'textarea', false],
];

const textOf = (given: IntakeFormFacts['given'], name: string): string => {
  const value = given?.[name];
  return typeof value === 'string' ? value : '';
};

/** The text beside a field at fault: it names what to do, and the field refers to it. */
const faultOf = ({ language, faults, given }: IntakeFormFacts, name: string): SafeHtml | undefined =>
  faults?.has(name) ? html`<p class="error" id="${name}-fault">${say(language, textOf(given, name) === '' ? 'missing' : 'wrong')}</p>` : undefined;

function field(facts: IntakeFormFacts, [name, kind, required]: (typeof FIELDS)[number]): SafeHtml {
  const fault = faultOf(facts, name);
  const marks = new SafeHtml(`${required ? ' required' : ''}${fault ? ` aria-describedby="${name}-fault" aria-invalid="true"` : ''}`);
  const value = textOf(facts.given, name);
  const input = kind === 'textarea' ? html`<textarea id="${name}" name="${name}" rows="3" maxlength="2000"${marks}>${value}</textarea>` : html`<input id="${name}" name="${name}" type="${kind}" value="${value}" maxlength="200"${marks}>`;
  return html`${fault}<p><label for="${name}">${say(facts.language, name)}</label>${input}</p>`;
}

function flagQuestion(facts: IntakeFormFacts, flag: (typeof ASKED_FLAGS)[number]): SafeHtml {
  const name = `flag.${flag}`;
  const choice = (value: 'yes' | 'no' | 'unsure'): SafeHtml =>
    html`<label><input type="radio" name="${name}" value="${value}" required${textOf(facts.given, name) === value && new SafeHtml(' checked')}> ${say(facts.language, value)}</label>`;
  return html`<fieldset><legend>${say(facts.language, `flag.${flag}`)}</legend>${faultOf(facts, name)}<div class="scale">${[choice('yes'), choice('no'), choice('unsure')]}</div></fieldset>`;
}

const LANGUAGE_NAMES: Readonly<Record<PageLanguage, string>> = { en: 'English', es: 'Español', fr: 'Français' };

/** The form. Works without scripts, with a keyboard and with a screen reader. */
export function intakeFormPage(facts: IntakeFormFacts): string {
  const { language, clinic, kind, faults, given } = facts;
  const chosen = textOf(given, 'language') || language;
  return htmlPage(
    language,
    say(language, 'title'),
    html`<h1>${say(language, 'title')}</h1><p>${say(language, kind === 'self' ? 'intro' : 'introWorker', { clinic })}</p>
      ${faults && faults.size > 0 && html`<section class="error" role="alert"><h2>${say(language, 'errors')}</h2></section>`}
      <form method="post">${FIELDS.map((each) => field(facts, each))}
      <p><label for="language">${say(language, 'language')}</label><select id="language" name="language">${PAGE_LANGUAGES.map((each) => html`<option value="${each}"${each === chosen && new SafeHtml(' selected')}>${LANGUAGE_NAMES[each]}</option>`)}</select></p>
      <p><label><input type="checkbox" name="interpreter" value="yes"${textOf(given, 'interpreter') === 'yes' && new SafeHtml(' checked')}> ${say(language, 'interpreter')}</label></p>
      <h2>${say(language, 'flags')}</h2>${ASKED_FLAGS.map((flag) => flagQuestion(facts, flag))}
      ${kind === 'community-worker' && html`${faultOf(facts, 'agreed')}<p><label><input type="checkbox" name="agreed" value="yes" required${textOf(given, 'agreed') === 'yes' && new SafeHtml(' checked')}> ${say(language, 'agreed')}</label></p>`}
      <button type="submit">${say(language, 'send')}</button></form>`,
  );
}

/** Thanks; and where an answer told of danger, where to turn now, above all else. */
export function intakeDonePage(language: PageLanguage, help: Help | undefined): string {
  const { crisis, clinicPhone } = help ?? {};
  return htmlPage(
    language,
    say(language, help ? 'dangerTitle' : 'doneTitle'),
    html`${
      help &&
      html`<section class="help" role="alert"><h1>${say(language, 'dangerTitle')}</h1><p>${say(language, 'danger')}</p>
        <p><strong>${crisis?.emergency ? say(language, 'emergency', { number: crisis.emergency }) : say(language, 'emergencyLocal')}</strong></p>
        ${crisis?.call && html`<p>${say(language, 'call', { name: crisis.name, number: crisis.call })}</p>`}
        ${clinicPhone && html`<p>${say(language, 'clinicPhone', { number: clinicPhone })}</p>`}</section>`
    }<h1>${say(language, 'doneTitle')}</h1><p>${say(language, 'done')}</p>`,
  );
}

/** A page that only says something. */
export const intakeWordPage = (language: PageLanguage, what: 'used' | 'over' | 'busy' | 'unknown' | 'failed'): string =>
  htmlPage(language, say(language, `${what}Title`), html`<h1>${say(language, `${what}Title`)}</h1><p>${say(language, what)}</p>`);
