/**
 * A function from source text of our own making: every name in it is a GraphQL name or goes through `literal`. Hot paths
 * only: code that names its keys is several times as fast as code that looks them up.
 */
export const generate = <F>(names: readonly string[], values: readonly unknown[], body: string): F =>
  new Function(...names, `'use strict';${body}`)(...values) as F;

/** A value as source text. U+2028 and U+2029 may stand in a string of today's JavaScript. */
export const literal = (value: string): string => JSON.stringify(value);

/** What an object has without owning it: reading such a key needs a look at whose it is. */
export const isInherited = (key: string): boolean => key in Object.prototype;
