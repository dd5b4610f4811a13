import { createHash } from 'node:crypto';
import { SafeHtml, html } from '@cairn/platform';
import type { Instrument, InstrumentItem } from './instrument.js';
import { say, type PageLanguage, type Word } from './answer-words.js';
import type { CrisisHelp } from './outcomes.settings.js';

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 1rem; }
fieldset { margin: 1.5rem 0; padding: 1rem; border: 1px solid; border-radius: .5rem; }
legend { font-weight: 600; padding: 0 .25rem; }
.scale { display: flex; flex-wrap: wrap; gap: .25rem; }
label { display: inline-flex; align-items: center; gap: .4rem; min-width: 3rem; min-height: 2.75rem; padding: 0 .25rem; }
.choice label { display: flex; }
.ends { display: flex; justify-content: space-between; gap: 1rem; font-size: 1rem; }
.error { border-left: .4rem solid #b00020; padding-left: .75rem; }
.help { border: .2rem solid #b00020; border-radius: .5rem; padding: 0 1rem; }
.help a, .help strong { font-size: 1.25rem; }
button { font: inherit; padding: .75rem 1.25rem; min-height: 2.75rem; }
input[type=text], input[type=date], input[type=email], input[type=tel], select, textarea { font: inherit; padding: .5rem; display: block; width: 100%; box-sizing: border-box; }
small { font-size: .8rem; }`;

/** What the browser may do with the page: show it with its own style, and send its form back. Nothing else is loaded or run. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** What the form page needs to know. */
export interface FormFacts {
  readonly language: PageLanguage;
  readonly clinic: string;
  readonly instrument: Instrument;
  /** What was sent before, when the page comes back with faults. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** linkIds of the questions at fault. */
  readonly faults?: ReadonlySet<string>;
  /** Stands above the form when an answer already told of danger. */
  readonly help?: HelpFacts;
}

export interface HelpFacts {
  readonly crisis: CrisisHelp | undefined;
  readonly clinicPhone: string | undefined;
  /** Where a number to call back can be left, when this page doesn't ask for one itself. */
  readonly href?: string;
}

/** A whole page in the clinic's plain style, without scripts. Send it with {@link PAGE_POLICY}. */
export const htmlPage = (language: PageLanguage, title: string, body: SafeHtml): string =>
  `<!doctype html>${
    html`<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${new SafeHtml(STYLE)}</style></head><body><main>${body}</main></body></html>`.text
  }`;

function radio(item: InstrumentItem, value: string, label: string, given: unknown, describedBy: string | undefined): SafeHtml {
  const checked = given === value;
  return html`<label><input type="radio" name="${item.linkId}" value="${value}"${checked && new SafeHtml(' checked')}${describedBy !== undefined && html` aria-describedby="${describedBy}"`}> ${label}</label>`;
}

function question(item: InstrumentItem, { language, instrument, given, faults }: FormFacts): SafeHtml {
  const fault = faults?.has(item.linkId) ?? false;
  const faultId = fault ? `${item.linkId}-fault` : undefined;
  const { answer } = item;
  const value = given?.[item.linkId];
  const choices =
    answer.kind === 'scale'
      ? Array.from({ length: answer.max - answer.min + 1 }, (_, step) => String(answer.min + step)).map((number) => radio(item, number, number, value, faultId))
      : answer.options.map((option) => radio(item, option.code, option.display, value, faultId));
  const ends = answer.kind === 'scale' && answer.minLabel && answer.maxLabel;
  return html`<fieldset id="${item.linkId}"><legend lang="${instrument.language}">${item.text}</legend>
    ${!item.required && html`<p>${say(language, 'optional')}</p>`}
    ${fault && html`<p class="error" id="${faultId}">${say(language, 'missing')}</p>`}
    ${ends && answer.kind === 'scale' && html`<p class="ends" lang="${instrument.language}"><span>${answer.min} = ${answer.minLabel}</span><span>${answer.max} = ${answer.maxLabel}</span></p>`}
    <div class="${answer.kind}" lang="${instrument.language}">${choices}</div></fieldset>`;
}

/** Where a person in danger finds help now. */
function helpBox(language: PageLanguage, { crisis, clinicPhone, href }: HelpFacts): SafeHtml {
  const line = (word: Word, values: Record<string, string>): SafeHtml => html`<p><strong>${say(language, word, values)}</strong></p>`;
  const name = crisis?.name ?? '';
  return html`<section class="help" role="alert"><h1>${say(language, 'helpTitle')}</h1><p>${say(language, 'help')}</p>
    ${crisis?.call && line('helpCall', { name, number: crisis.call })}
    ${crisis?.text && line('helpText', { name, number: crisis.text })}
    ${crisis?.emergency ? line('helpEmergency', { number: crisis.emergency }) : html`<p><strong>${say(language, 'helpLocal')}</strong></p>`}
    ${clinicPhone && html`<p>${say(language, 'helpClinic', { number: clinicPhone })}</p>`}
    ${href && html`<p><a href="${href}">${say(language, 'callBackSend')}</a></p>`}</section>`;
}

/** The questionnaire as a form. Works without scripts, with a keyboard and with a screen reader; the questions carry their own language. */
export function formPage(facts: FormFacts): string {
  const { language, instrument, clinic, faults } = facts;
  const foreign = language !== instrument.language;
  const listed = instrument.items.filter((item) => faults?.has(item.linkId));
  return htmlPage(
    language,
    say(language, 'title'),
    html`${facts.help && helpBox(language, facts.help)}
      <h1>${say(language, 'title')}</h1><p>${say(language, 'intro', { clinic })}</p>
      ${foreign && html`<p><strong>${say(language, 'onlyIn')}</strong></p>`}
      ${listed.length > 0 && html`<section class="error" role="alert"><h2>${say(language, 'errors')}</h2><ul>${listed.map((item) => html`<li><a href="#${item.linkId}" lang="${instrument.language}">${item.text}</a></li>`)}</ul></section>`}
      <p>${say(language, 'recall')}</p>
      <form method="post">
      ${instrument.introduction && html`<p lang="${instrument.language}"><strong>${instrument.introduction.text}</strong></p>`}
      ${instrument.items.map((item) => question(item, facts))}
      <button type="submit">${say(language, 'send')}</button></form>
      ${instrument.licence.notice && html`<p lang="en"><small>${instrument.licence.notice}</small></p>`}`,
  );
}

/** Help for a person in danger, and the question for a number to call back, before anything says "done". */
export const helpPage = (language: PageLanguage, help: HelpFacts, given?: string): string =>
  htmlPage(
    language,
    say(language, 'helpTitle'),
    html`${helpBox(language, help)}
      <form method="post" action="call-back-number">
      ${given !== undefined && html`<p class="error" id="phone-fault" role="alert">${say(language, 'callBackWrong')}</p>`}
      <p><label for="phone">${say(language, 'callBack')}</label><input id="phone" name="phone" type="tel" autocomplete="tel" required value="${given ?? ''}"${given !== undefined && new SafeHtml(' aria-describedby="phone-fault"')}></p>
      <button type="submit">${say(language, 'callBackSend')}</button></form>
      <p><a href="done">${say(language, 'finish')}</a></p>`,
  );

/** A page that only says something. */
export const wordPage = (language: PageLanguage, title: Word, text: Word): string =>
  htmlPage(language, say(language, title), html`<h1>${say(language, title)}</h1><p>${say(language, text)}</p>`);
