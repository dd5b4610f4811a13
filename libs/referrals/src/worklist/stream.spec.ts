import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StreamChannel, type Sink } from './stream-channel.js';
import { StreamSeats } from './stream-seats.js';

const RULES = { heartbeatMs: 15_000, longestMs: 600_000, retryMs: 2000, mostWaitingBytes: 300 };
const change = (id: string) => ({ id, referralId: 'r', version: 1 });

/** A reader who takes what is written, unless told not to. */
class Reader implements Sink {
  readonly read: string[] = [];
  writableLength = 0;
  takes = true;
  ended = 0;

  write(text: string): void {
    this.read.push(text);
    if (!this.takes) this.writableLength += text.length;
  }

  end(): void {
    this.ended += 1;
  }
}

describe('the live news of one reader', () => {
  let ends: number;
  let reader: Reader;
  let channel: StreamChannel;

  beforeEach(() => {
    jest.useFakeTimers();
    ends = 0;
    reader = new Reader();
    channel = new StreamChannel(RULES, () => (ends += 1));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells first what came before it began', () => {
    channel.send(change('1'));
    channel.begin(reader);
    channel.send(change('2'));
    expect(reader.read).toEqual(['retry: 2000\n\nid: 1\nevent: referral\ndata: {"id":"r","version":1}\n\n', 'id: 2\nevent: referral\ndata: {"id":"r","version":1}\n\n']);
  });

  it('shows at intervals that it lives, ends after its longest time, and is silent then', () => {
    channel.begin(reader);
    jest.advanceTimersByTime(45_000);
    expect(reader.read.slice(1)).toEqual([': here\n\n', ': here\n\n', ': here\n\n']);
    jest.advanceTimersByTime(600_000);
    const told = reader.read.length;
    channel.send(change('9'));
    jest.advanceTimersByTime(600_000);
    expect([reader.ended, ends, reader.read.length, jest.getTimerCount()]).toEqual([1, 1, told, 0]);
  });

  it('lets a reader go who takes nothing, by news or by heartbeats alone', () => {
    channel.begin(reader);
    reader.takes = false;
    for (let index = 0; index < 20; index += 1) channel.send(change(String(index)));
    expect([reader.ended, ends, reader.writableLength < 400]).toEqual([1, 1, true]);
    const idle = new StreamChannel(RULES, () => (ends += 1));
    const stuck = Object.assign(new Reader(), { takes: false });
    idle.begin(stuck);
    jest.advanceTimersByTime(40 * 15_000);
    expect([stuck.ended, ends]).toEqual([1, 2]);
  });

  it('holds no more than its bound before it begins, and then does not begin', () => {
    for (let index = 0; index < 20; index += 1) channel.send(change(String(index)));
    channel.begin(reader);
    expect([reader.read, reader.ended, ends]).toEqual([[], 1, 1]);
  });
});

describe('seats for streams', () => {
  const sit = (seats: StreamSeats, clinicId: string, personId: string) => seats.take({ clinicId, personId });

  it('bound a person, a clinic and all, and are given back once', () => {
    const seats = new StreamSeats({ all: 4, ofClinic: 3, ofPerson: 2 });
    const first = sit(seats, 'a', 'p');
    sit(seats, 'a', 'p');
    expect(() => sit(seats, 'a', 'p')).toThrow(expect.objectContaining({ code: 'stream.person-full', status: 429, retryAfter: 5 }));
    sit(seats, 'a', 'q');
    expect(() => sit(seats, 'a', 'r')).toThrow(expect.objectContaining({ code: 'stream.clinic-full', status: 429 }));
    sit(seats, 'b', 'p');
    expect(() => sit(seats, 'c', 'p')).toThrow(expect.objectContaining({ code: 'stream.server-full', kind: 'unavailable' }));
    first();
    first();
    sit(seats, 'a', 'p');
    expect(() => sit(seats, 'c', 'p')).toThrow(expect.objectContaining({ code: 'stream.server-full' }));
  });
});
