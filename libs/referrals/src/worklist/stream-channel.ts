/** Where a stream's text goes: a response, as far as the channel needs it. */
export interface Sink {
  write(text: string): unknown;
  /** Bytes that were written and that the reader has not taken yet. */
  readonly writableLength: number;
  end(): void;
}

export interface ChannelRules {
  readonly heartbeatMs: number;
  readonly longestMs: number;
  readonly retryMs: number;
  readonly mostWaitingBytes: number;
}

/** That a referral changed, in no words but its id and version. `id` orders the news and resumes them: microseconds since 1970. */
export interface Change {
  readonly id: string;
  readonly referralId: string;
  readonly version: number;
}

/**
 * One reader's server-sent events. What comes before the stream has begun is kept and goes first. Shows by a comment at intervals that it lives, ends after its
 * longest time, and holds back no more than its bound: whoever reads too slowly is let go and resumes.
 */
export class StreamChannel {
  #sink: Sink | undefined;
  #waiting = '';
  #heartbeat: NodeJS.Timeout | undefined;
  #tooLong: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    private readonly rules: ChannelRules,
    /** Called once, when it ends from either side. */
    private readonly onEnd: () => void,
  ) {}

  /** From now on text goes to the reader. */
  begin(sink: Sink): void {
    if (this.#ended) return sink.end();
    this.#sink = sink;
    sink.write(`retry: ${this.rules.retryMs}\n\n${this.#waiting}`);
    this.#waiting = '';
    this.#heartbeat = setInterval(() => this.#write(': here\n\n'), this.rules.heartbeatMs);
    this.#tooLong = setTimeout(() => this.close(), this.rules.longestMs);
  }

  send({ id, referralId, version }: Change): void {
    this.#write(`id: ${id}\nevent: referral\ndata: ${JSON.stringify({ id: referralId, version })}\n\n`);
  }

  /** Too much was missed to be told one by one: read the list again. */
  reset(id: string): void {
    this.#write(`id: ${id}\nevent: reset\ndata: {}\n\n`);
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#tooLong);
    this.#waiting = '';
    this.#sink?.end();
    this.onEnd();
  }

  #write(text: string): void {
    if (this.#ended) return;
    if (this.#sink) this.#sink.write(text);
    else this.#waiting += text;
    if ((this.#sink?.writableLength ?? this.#waiting.length) > this.rules.mostWaitingBytes) this.close();
  }
}
