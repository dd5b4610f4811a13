import { htmlPage, type PageLanguage } from '@cairn/outcomes';
import { html } from '@cairn/platform';
import words from './waiting-page-words.json' with { type: 'json' };

type Word = keyof typeof words.en;

const say = (language: PageLanguage, word: Word, values: Readonly<Record<string, string>> = {}): string =>
  words[language][word].replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

/** The question to a waiting patient. Works without scripts, with a keyboard and with a screen reader. */
export const waitingFormPage = (language: PageLanguage, clinic: string, fault = false): string =>
  htmlPage(
    language,
    say(language, 'title'),
    html`<h1>${say(language, 'title')}</h1><p>${say(language, 'intro', { clinic })}</p><form method="post"><fieldset>
      ${fault && html`<p class="error" role="alert">${say(language, 'choose')}</p>`}
      <div class="choice">${(['still', 'worse', 'not-wanted'] as const).map((answer) => html`<label><input type="radio" name="answer" value="${answer}" required> ${say(language, answer)}</label>`)}</div></fieldset>
      <p><label for="comment">${say(language, 'comment')}</label><textarea id="comment" name="comment" rows="3" maxlength="2000"></textarea></p>
      <button type="submit">${say(language, 'send')}</button></form>`,
  );

export const waitingDonePage = (language: PageLanguage, worse: boolean): string =>
  htmlPage(language, say(language, 'doneTitle'), html`<h1>${say(language, 'doneTitle')}</h1><p>${say(language, 'done')}</p>${worse && html`<section class="help" role="alert"><p>${say(language, 'worseNote')}</p></section>`}`);

/** A page that only says something. */
export const waitingWordPage = (language: PageLanguage, what: 'over' | 'unknown' | 'failed'): string =>
  htmlPage(language, say(language, `${what}Title`), html`<h1>${say(language, `${what}Title`)}</h1><p>${say(language, what)}</p>`);
