const abbreviation =
  /(?:^|[\s(])(?:\p{L}|mr|mrs|ms|dr|st|no|nr|vs|inc|ltd|co|corp|approx|etc|e\.g|i\.e|sr|sra|srta|dra|ud|uds|aprox|p\.\s?ej|pág|núm|tel|art)\.$/iu;

/** The sentences of one paragraph, in order, trimmed. Decimals, thousands separators and abbreviations end none. */
export const sentencesOf = (paragraph: string): string[] => {
  const sentences: string[] = [];
  let start = 0;
  // begun only where a run of full stops begins: a long one that ends nothing must not be tried from each of them
  for (const match of paragraph.matchAll(/(?<![.!?…])[.!?…]+["'”’»)]*\s+(?=[\p{Lu}\p{N}¿¡"'“«([€$£\-*])/gu)) {
    const end = match.index + match[0].length;
    const sentence = paragraph.slice(start, end).trim();
    if (match[0].startsWith('.') && abbreviation.test(sentence.slice(-12))) continue;
    if (sentence) sentences.push(sentence);
    start = end;
  }
  const rest = paragraph.slice(start).trim();
  if (rest) sentences.push(rest);
  return sentences;
};
