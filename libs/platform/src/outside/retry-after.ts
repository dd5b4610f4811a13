/** Seconds that an answer's `Retry-After` asks to wait: a number of them, or a date (RFC 9110, 10.2.3). Undefined where it asks for nothing, or says neither. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,8}$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now.getTime()) / 1000);
}
