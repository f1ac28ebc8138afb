// Times of certificates, in the text form of getpeercert().

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const FORMAT = /^(\w{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{1,2}):(\d{1,2})\s+(\d{4})\s+GMT$/i;

/**
 * Converts a certificate's "notBefore" or "notAfter" to seconds since the Unix epoch, as Python's
 * `ssl.cert_time_to_seconds()`.
 *
 * @throws {RangeError} if the text is no such time.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cert_time_to_seconds } from "@berkeley/socket/ssl";
 *
 * assert.equal(cert_time_to_seconds("Jan  5 09:34:43 2018 GMT"), 1515144883);
 * ```
 */
export function cert_time_to_seconds(cert_time: string): number {
  const match = FORMAT.exec(cert_time);
  const month = match === null ? -1 : MONTHS.indexOf(match[1].toLowerCase());
  if (match === null || month < 0) throw wrong(cert_time);
  const [day, hours, minutes, seconds, year] = match.slice(2).map(Number);
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  // As strptime(3), which accepts leap seconds, up to 61.
  if (day < 1 || day > days || hours > 23 || minutes > 59 || seconds > 61) throw wrong(cert_time);
  return Date.UTC(year, month, day, hours, minutes, seconds) / 1000;
}

function wrong(text: string): RangeError {
  return new RangeError(`time data '${text}' does not match format '%b %d %H:%M:%S %Y GMT'`);
}
