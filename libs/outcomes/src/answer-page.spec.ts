import { describe, expect, it } from '@jest/globals';
import { html } from '@cairn/platform';
import { PAGE_POLICY, formPage, helpPage, wordPage } from './answer-page.js';
import { PAGE_LANGUAGES, acceptedLanguages, pageLanguage, say, type Word } from './answer-words.js';
import words from './answer-words.json' with { type: 'json' };
import { instrumentOf } from './instrument.js';

const peg = instrumentOf('peg');
const phq9 = instrumentOf('phq-9');

describe('the words of the page', () => {
  it('are there in every language, with the same placeholders', () => {
    const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([found]) => found).sort();
    for (const language of PAGE_LANGUAGES) {
      for (const [word, text] of Object.entries(words.en)) {
        expect([language, word, placeholders(words[language][word as Word])]).toEqual([language, word, placeholders(text)]);
        if (text) expect(words[language][word as Word]).not.toBe('');
      }
    }
  });

  it('follow the patient’s language, then the browser’s, then English', () => {
    expect(pageLanguage('es-MX', 'fr')).toBe('es');
    expect(pageLanguage(undefined, ...acceptedLanguages('de;q=0.9, fr-CA'))).toBe('fr');
    expect(pageLanguage('zh')).toBe('en');
  });
});

describe('the form', () => {
  const page = formPage({ language: 'es', clinic: 'Clínica <Sur>', instrument: peg });

  it('has a labelled group of radio buttons for each question', () => {
    expect(page.match(/<fieldset/g)).toHaveLength(3);
    expect(page.match(/<legend lang="en">/g)).toHaveLength(3);
    expect(page.match(/type="radio" name="peg1"/g)).toHaveLength(11);
    expect(page.match(/<label>/g)).toHaveLength(33);
  });

  it('says in the patient’s language that the questions are in English', () => {
    expect(page).toContain('<html lang="es">');
    expect(page).toContain(say('es', 'onlyIn'));
    expect(formPage({ language: 'en', clinic: 'South', instrument: peg })).not.toContain('traducción');
  });

  it('escapes what it is given', () => {
    expect(page).toContain('Clínica &lt;Sur&gt;');
    expect(html`<p>${'"\'&'}</p>`.text).toBe('<p>&quot;&#39;&amp;</p>');
  });

  it('keeps the answers given, and leads to each question at fault', () => {
    const faulty = formPage({ language: 'en', clinic: 'South', instrument: peg, given: { peg1: '7' }, faults: new Set(['peg2', 'peg3']) });
    expect(faulty).toContain('name="peg1" value="7" checked>');
    expect(faulty.match(/checked/g)).toHaveLength(1);
    expect(faulty).toContain('<a href="#peg2"');
    expect(faulty).toContain('aria-describedby="peg3-fault"');
  });

  it('keeps the notice of the PHQ-9, its introduction and its choices', () => {
    const form = formPage({ language: 'en', clinic: 'South', instrument: phq9 });
    expect(form).toContain('No permission required to reproduce');
    expect(form).toContain('Over the last 2 weeks');
    expect(form.match(/type="radio"/g)).toHaveLength(40);
  });

  it('runs no script and loads nothing', () => {
    expect(page).not.toContain('<script');
    expect(PAGE_POLICY).toContain("default-src 'none'");
  });
});

describe('help', () => {
  it('stands before any "done" and asks for a number', () => {
    const page = helpPage('fr', { crisis: { name: '988 Suicide & Crisis Lifeline', call: '988', text: '988', emergency: '911', verified: false }, clinicPhone: '+12125550100' });
    expect(page).toContain('Appelez 988 Suicide &amp; Crisis Lifeline : 988');
    expect(page).toContain('911');
    expect(page).toContain('<input id="phone"');
    expect(page).not.toContain(say('fr', 'done'));
  });

  it('names the local emergency number in general where nothing is known of the country', () => {
    expect(helpPage('en', { crisis: undefined, clinicPhone: undefined })).toContain(say('en', 'helpLocal'));
  });
});

it('a page that only says something says it twice: as title and as heading', () => {
  expect(wordPage('en', 'overTitle', 'over').match(/The time to answer is over/g)).toHaveLength(2);
});
