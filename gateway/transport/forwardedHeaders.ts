/** Headers that are about one connection or one message (RFC 9110, 7.6.1), or that only we may say. */
const neverForwarded =
  /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|host|content-.*|accept.*|expect|x-request-id|parley-.*)$/;

export const mayBeForwarded = (name: string): boolean =>
  /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && !neverForwarded.test(name);

/**
 * Those of a client's headers that are passed on to subgraphs that are not ours, lower case; undefined where none is.
 * Of a socket, its connection parameters stand for headers: a browser cannot set any.
 */
export const forwardedHeaders = (
  names: readonly string[],
  given: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, string>> | undefined => {
  if (names.length === 0 || given === undefined) return undefined;
  const forwarded: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = key.toLowerCase();
    if (names.includes(name) && typeof value === 'string' && isFieldValue(value)) forwarded[name] = value;
  }
  return forwarded;
};

/** RFC 9110, 5.5: visible characters, spaces and tabs. */
const isFieldValue = (text: string): boolean => text.length <= 8192 && /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
