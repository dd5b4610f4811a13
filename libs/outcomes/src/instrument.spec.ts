import { describe, expect, it } from '@jest/globals';
import { INSTRUMENTS, canRaiseAlert, instrumentOf } from './instrument.js';

describe('the instruments', () => {
  it('are those whose text may be embedded', () => {
    expect(INSTRUMENTS.map(({ id }) => id)).toEqual(['peg', 'phq-9', 'nrs-pain']);
    expect(INSTRUMENTS.every(({ licence }) => licence.embedText === 'yes')).toBe(true);
  });

  it('keep the PHQ-9 notice', () => {
    expect(instrumentOf('phq-9').licence.notice).toContain('No permission required to reproduce, translate, display or distribute.');
  });

  it('refuse an unknown name and list the known ones', () => {
    expect(() => instrumentOf('odi')).toThrow(expect.objectContaining({ kind: 'invalid', issues: [{ path: 'instrument', message: expect.stringContaining('peg, phq-9, nrs-pain') }] }));
  });

  it.each(INSTRUMENTS)('$id is consistent with itself', (instrument) => {
    const links = instrument.items.map(({ linkId }) => linkId);
    expect(new Set(links).size).toBe(links.length);
    expect(instrument.items.filter((item) => item.scored).every((item) => item.required)).toBe(true);
    expect(instrument.alerts.every(({ linkId }) => links.includes(linkId))).toBe(true);
    expect(instrument.bands.levels[0]?.from).toBe(instrument.scoring.min);
  });

  it('only PHQ-9 can raise an alert', () => {
    expect(INSTRUMENTS.filter(canRaiseAlert).map(({ id }) => id)).toEqual(['phq-9']);
  });
});
