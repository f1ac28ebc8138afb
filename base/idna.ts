// International host names, as DNS takes them.

/** Characters that no host name has. In a URL they would end the host, or be refused. */
const IN_NO_NAME = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;
/** Keeps the URL parser from reading a name that ends in a number as an IPv4 address. */
const SUFFIX = ".x";

/** The ASCII form of an international name, by the web's URL standard (UTS 46); undefined where it has none. */
function domainToAscii(host: string): string | undefined {
  try {
    return new URL(`http://${host}${SUFFIX}`).hostname.slice(0, -SUFFIX.length);
  } catch {
    return undefined;
  }
}

/** The name in a socket's address: ASCII as it is, for the resolver to judge; an international name in its ASCII form. */
export function asciiOf(host: string): string {
  if (/^[\0-\x7f]*$/.test(host)) return host;
  // Nothing is found under such a name, however it is spelled. The look-up is to say so, after all that it checks first.
  if (IN_NO_NAME.test(host)) return host.replace(/[^\0-\x7f]/gu, "?");
  const ascii = domainToAscii(host);
  if (ascii === undefined || ascii === "") throw new RangeError("host name is no international domain name");
  return ascii;
}

/** The name that a look-up is given. One that cannot be a name is a RangeError, as it is a ValueError in Python. */
export function toAscii(host: string): string {
  const ascii = asciiOf(host);
  const labels = ascii.replace(/\.$/, "").split(".");
  if (labels.length > 1 && labels.includes("")) throw new RangeError("host name has an empty label");
  if (labels.some((label) => label.length > 63)) throw new RangeError("host name has a label that is too long");
  return ascii;
}
