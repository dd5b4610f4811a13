import type { CairnError} from '@cairn/kernel';
import { invalid } from '@cairn/kernel';
import type { JsonLimits } from './json-limits.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const NUMBER_TAIL = /[\w.+-]/;
const HEX4 = /[0-9a-fA-F]{4}/y;

/**
 * The same JSON without white space between its tokens; every token stands exactly as it was sent, numbers included. `JSON.parse` of the
 * result never fails.
 *
 * Refuses, naming line and column: what is not JSON (RFC 8259), a key that stands twice in one object, the character U+0000, half a
 * surrogate pair, numbers too large for any program to hold, nesting beyond the limit.
 */
export function compactJson(text: string, limits: JsonLimits): string {
  return new Scanner(text, limits.maxDepth).scan();
}

/** What may come next inside the object or array that is open. */
type Expect = 'value' | 'first-element' | 'first-key' | 'key' | 'comma-or-end';

class Scanner {
  #at = 0;
  /** Start of the text that is not yet copied to the output. */
  #kept = 0;
  #pieces: string[] = [];
  /** One entry for each open object or array: the object's keys so far, or undefined for an array. */
  readonly #open: (Set<string> | undefined)[] = [];

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  scan(): string {
    this.#skipSpace();
    let expect: Expect = 'value';
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      switch (expect) {
        case 'first-key':
          if (code === CLOSE_OBJECT) {
            this.#close();
            expect = 'comma-or-end';
            break;
          }
          this.#key();
          expect = 'value';
          break;
        case 'key':
          this.#key();
          expect = 'value';
          break;
        case 'first-element':
          if (code === CLOSE_ARRAY) {
            this.#close();
            expect = 'comma-or-end';
            break;
          }
          expect = this.#value(code);
          break;
        case 'value':
          expect = this.#value(code);
          break;
        case 'comma-or-end': {
          if (this.#open.length === 0) return this.#finish();
          const inObject = this.#open.at(-1) !== undefined;
          if (code === COMMA) {
            this.#at++;
            this.#skipSpace();
            expect = inObject ? 'key' : 'value';
          } else if (code === (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
            this.#close();
          } else {
            throw this.#error(`expected "," or "${inObject ? '}' : ']'}"`);
          }
        }
      }
    }
  }

  #finish(): string {
    if (this.#at < this.text.length) throw this.#error('expected the end of the text');
    if (this.#pieces.length === 0) return this.text;
    this.#pieces.push(this.text.slice(this.#kept));
    return this.#pieces.join('');
  }

  #value(code: number): Expect {
    if (code === QUOTE) {
      this.#string();
    } else if (code === OPEN_OBJECT) {
      this.#enter(new Set());
      return 'first-key';
    } else if (code === OPEN_ARRAY) {
      this.#enter(undefined);
      return 'first-element';
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      this.#number();
    } else {
      LITERAL.lastIndex = this.#at;
      const literal = LITERAL.exec(this.text);
      if (!literal) throw this.#error('expected a value');
      this.#at += literal[0].length;
    }
    this.#skipSpace();
    return 'comma-or-end';
  }

  #enter(keys: Set<string> | undefined): void {
    if (this.#open.length >= this.maxDepth) {
      throw this.#error(`objects and arrays are nested more than ${this.maxDepth} deep`, 'too-deep');
    }
    this.#open.push(keys);
    this.#at++;
    this.#skipSpace();
  }

  #close(): void {
    this.#open.pop();
    this.#at++;
    this.#skipSpace();
  }

  #key(): void {
    const start = this.#at;
    if (this.text.charCodeAt(start) !== QUOTE) throw this.#error('expected a key in double quotes');
    const escaped = this.#string();
    const key = escaped ? (JSON.parse(this.text.slice(start, this.#at)) as string) : this.text.slice(start + 1, this.#at - 1);
    const keys = this.#open.at(-1);
    if (keys?.has(key)) throw this.#error('the same key stands twice in one object', 'duplicate-key', start);
    keys?.add(key);
    this.#skipSpace();
    if (this.text.charCodeAt(this.#at) !== COLON) throw this.#error('expected ":"');
    this.#at++;
    this.#skipSpace();
  }

  /** Moves behind the string that begins here; returns whether it has escapes. */
  #string(): boolean {
    const { text } = this;
    let at = this.#at + 1;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        at = this.#escape(at);
      } else if (code >= 0x20) {
        at++;
      } else if (at >= text.length) {
        throw this.#error('a string is not closed');
      } else {
        throw this.#error('a string contains a control character, which must be escaped', 'invalid-json', at);
      }
    }
    this.#at = at + 1;
    return escaped;
  }

  /** Returns the position behind the escape that begins at `at`. */
  #escape(at: number): number {
    const kind = this.text.charAt(at + 1);
    if (kind !== 'u') {
      if (kind === '' || !'"\\/bfnrt'.includes(kind)) throw this.#error('a string contains an unknown escape', 'invalid-json', at);
      return at + 2;
    }
    const unit = this.#unit(at);
    if (unit === 0) throw this.#error('a string contains the character U+0000, which can\'t be stored', 'null-character', at);
    if (unit >= 0xdc00 && unit <= 0xdfff) throw this.#error('a string contains half a surrogate pair', 'invalid-unicode', at);
    if (unit < 0xd800 || unit > 0xdbff) return at + 6;
    const low = this.text.startsWith('\\u', at + 6) ? this.#unit(at + 6) : 0;
    if (low < 0xdc00 || low > 0xdfff) throw this.#error('a string contains half a surrogate pair', 'invalid-unicode', at);
    return at + 12;
  }

  #unit(at: number): number {
    HEX4.lastIndex = at + 2;
    const digits = HEX4.exec(this.text);
    if (!digits) throw this.#error('a string contains an incomplete \\u escape', 'invalid-json', at);
    return Number.parseInt(digits[0], 16);
  }

  #number(): void {
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.text)?.[0] ?? '';
    if (digits === '' || NUMBER_TAIL.test(this.text.charAt(this.#at + digits.length))) throw this.#error('this is not a number as JSON writes it');
    if (!Number.isFinite(Number(digits))) throw this.#error('the number is too large to be stored', 'number-too-large');
    this.#at += digits.length;
  }

  #skipSpace(): void {
    const { text } = this;
    const start = this.#at;
    let at = start;
    for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; code = text.charCodeAt(at)) at++;
    if (at === start) return;
    this.#pieces.push(text.slice(this.#kept, start));
    this.#kept = at;
    this.#at = at;
  }

  #error(what: string, code = 'invalid-json', at = this.#at): CairnError {
    const before = this.text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const end = at >= this.text.length ? ', where the text ends' : '';
    return invalid(`The body can't be read as JSON: at line ${line}, column ${column}${end}, ${what}.`, { code });
  }
}
