import { describe, expect, it } from '@jest/globals';
import { amendText } from './amend-text.js';

const amended = (json: string, change: (value: Record<string, unknown>) => void): string => {
  const after = JSON.parse(json) as Record<string, unknown>;
  change(after);
  return amendText(json, JSON.parse(json) as object, after);
};

describe('amending the text of a resource', () => {
  it('writes anew what changed and leaves every other digit as it was', () => {
    expect(amended('{"resourceType":"Task","status":"requested","input":[{"value":1.10}],"x":1.0e2}', (task) => (task['status'] = 'received'))).toBe(
      '{"resourceType":"Task","status":"received","input":[{"value":1.10}],"x":1.0e2}',
    );
  });

  it('adds members at the end and takes members away, the first and the last too', () => {
    expect(amended('{"a":1.0,"b":"}","c":[1.50]}', (value) => Object.assign(value, { d: { e: 2 } }))).toBe('{"a":1.0,"b":"}","c":[1.50],"d":{"e":2}}');
    expect(amended('{"a":1.0,"b":"}","c":[1.50]}', (value) => delete value['a'])).toBe('{"b":"}","c":[1.50]}');
    expect(amended('{"a":1.0,"c":[1.50]}', (value) => (value['c'] = undefined))).toBe('{"a":1.0}');
  });
});
