import { describe, expect, it } from '@jest/globals';
import { narrativeFaults } from './narrative.js';

const div = (inner: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`;
const judged = (text: string): string => {
  const faults = narrativeFaults(text);
  return faults.some(({ unsafe }) => unsafe) ? 'unsafe' : faults.length > 0 ? 'wrong' : 'good';
};

describe('narratives', () => {
  it.each([
    ['text', div('It hurts &amp; aches &#160; &lt;5')],
    ['tables, lists and styles', div('<table border="1" class="grid"><tr><td style="color: red" nowrap="nowrap">a</td></tr></table><ul><li>b<br/></li></ul>')],
    ['an image alone', div('<img src="#photo" alt="photo"/>')],
    ['links', div('<a href="https://hospital.example/x?a=b:c">x</a><a name="y">y</a><a href="#y">z</a><a href="Patient/1">p</a>')],
    ['a comment', div('a<!-- b -->')],
    ['an image in the text itself', div('<img src="data:image/png;base64,AAAA" alt="x"/>')],
  ])('may hold %s', (_what, text) => {
    expect([text, judged(text)]).toEqual([text, 'good']);
  });

  it.each([
    ['a script', div('<script>alert(1)</script>')],
    ['a script in capitals', div('<SCRIPT src="x"></SCRIPT>')],
    ['an event', div('<p onclick="alert(1)">x</p>')],
    ['an event in capitals', div('<img src="x" ONERROR="alert(1)"/>')],
    ['an address that runs', div('<a href="javascript:alert(1)">x</a>')],
    ['an address that runs, disguised', div('<a href=" java&#10;script:alert(1)">x</a>')],
    ['an address that holds a page', div('<a href="data:text/html,x">x</a>')],
    ['an image that is a document', div('<img src="data:image/svg+xml,x" alt="x"/>')],
    ['a style that runs', div('<p style="width: expression(alert(1))">x</p>')],
    ['a frame', div('<iframe src="https://elsewhere.example"/>')],
    ['a form', div('<form action="https://elsewhere.example"><input name="a"/></form>')],
    ['another vocabulary', div('<svg:svg>x</svg:svg>')],
    ['a DOCTYPE', `<!DOCTYPE div [<!ENTITY a "b">]>${div('&a;')}`],
    ['what is not well-formed', div('<p>x')],
    ['text without a root', 'x'],
    ['unquoted attributes', div('<p class=a>x</p>')],
  ])('is unsafe with %s', (_what, text) => {
    expect([text, judged(text)]).toEqual([text, 'unsafe']);
  });

  it.each([
    ['nothing', div('')],
    ['blanks', div(' \n&#9;')],
    ['entities of HTML', div('a&nbsp;b &reg;')],
    ['elements that are none', div('<center>x</center>')],
    ['attributes that are none', div('<p data-x="1">x</p>')],
    ['no namespace', '<div>x</div>'],
    ['another root', '<p xmlns="http://www.w3.org/1999/xhtml">x</p>'],
  ])('is wrong, but harmless, with %s', (_what, text) => {
    expect([text, judged(text)]).toEqual([text, 'wrong']);
  });

  it('names no text and no name of the sender', () => {
    expect(JSON.stringify(narrativeFaults(div('<p Mrs.Secret="x"><Secret-Person>y</Secret-Person></p>')))).not.toContain('Secret');
  });
});
