import { type GraphQLLeafType, isEnumType } from 'graphql';

/** Whether a subgraph's value is one of the type's; of a scalar that is not the specification's, any is. */
export const leafCheck = (type: GraphQLLeafType): ((value: unknown) => boolean) => {
  if (isEnumType(type)) return (value) => typeof value === 'string' && type.getValue(value) !== undefined;
  switch (type.name) {
    case 'String':
      return (value) => typeof value === 'string';
    case 'ID':
      return (value) => typeof value === 'string' || Number.isInteger(value);
    case 'Int':
      return (value) => Number.isInteger(value);
    case 'Float':
      return (value) => typeof value === 'number' && Number.isFinite(value);
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    default:
      return () => true;
  }
};

/** A checked value as JSON text. Empty where it has none, or is not one of the type's. */
export const leafWriter = (type: GraphQLLeafType): LeafWriter => writerOf(type, quote);
/** For strings of which it is known that nothing in them is to be escaped. */
export const plainLeafWriter = (type: GraphQLLeafType): LeafWriter => writerOf(type, (text) => `"${text}"`);

type LeafWriter = (value: unknown) => string;

const writerOf = (type: GraphQLLeafType, quoted: (text: string) => string): LeafWriter => {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }): [unknown, string] => [name, `"${name}"`]));
    return (value) => texts.get(value) ?? '';
  }
  switch (type.name) {
    case 'String':
      return (value) => (typeof value === 'string' ? quoted(value) : '');
    case 'ID':
      return (value) => (typeof value === 'string' ? quoted(value) : Number.isInteger(value) ? `"${value}"` : '');
    case 'Int':
      return (value) => (Number.isInteger(value) ? `${value}` : '');
    case 'Float':
      return (value) => (typeof value === 'number' && Number.isFinite(value) ? `${value}` : '');
    case 'Boolean':
      return (value) => (value === true ? 'true' : value === false ? 'false' : '');
    default:
      return (value) => JSON.stringify(value) ?? '';
  }
};

// What is not written as it is, and every surrogate: JSON.stringify escapes those that stand alone.
const special = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
/** From here on it is quicker to let JSON.stringify look. */
const long = 40;

/** Long texts of one answer, written: in a graph the same one often stands in many places. */
const written = new Map<string, string>();
const mostWritten = 500;

const quote = (text: string): string => {
  if (text.length <= long) return special.test(text) ? JSON.stringify(text) : `"${text}"`;
  const known = written.get(text);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(text);
  if (written.size < mostWritten) written.set(text, quoted);
  return quoted;
};

/** Called once an answer is written, for nothing of it to be kept. */
export const forgetWritten = (): void => {
  if (written.size > 0) written.clear();
};
