const number = String.raw`\d+(?:[.,'’\u00a0\u202f ]\d{3})*(?:[.,]\d+)?`;
const sign = String.raw`(?:US|MX|CA|AU)?[$€£¥]|\b(?:EUR|USD|GBP|MXN|COP|CLP|ARS|PEN|CHF)\b`;
const word = String.raw`[€$£¥]|(?:EUR|USD|GBP|MXN|COP|CLP|ARS|PEN|CHF|euros?|dollars?|d[óo]lares|pounds?|libras|pesos|soles|cents?|c[ée]ntimos)(?![\p{L}])`;
const amount = String.raw`(?:(?:${sign})\s?${number}|${number}\s?(?:${word}))`;

/** Amounts of money as written: "$1,299.50", "1.299,50 €", "19 euros". */
export const amountsIn = (text: string): { text: string; index: number }[] =>
  [...text.matchAll(new RegExp(amount, 'giu'))].map((match) => ({ text: match[0], index: match.index }));

const digits = /\d+(?:[.,'’\u00a0\u202f]\d+)*/g;

/** Every number of a text as written, without trailing punctuation. */
export const numbersIn = (text: string): string[] => text.match(digits) ?? [];
