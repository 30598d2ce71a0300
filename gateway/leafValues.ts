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
export const leafWriter = (type: GraphQLLeafType): ((value: unknown) => string) => {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }): [unknown, string] => [name, `"${name}"`]));
    return (value) => texts.get(value) ?? '';
  }
  switch (type.name) {
    case 'String':
      return (value) => (typeof value === 'string' ? quote(value) : '');
    case 'ID':
      return (value) => (typeof value === 'string' ? quote(value) : Number.isInteger(value) ? `"${value}"` : '');
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

const quote = (text: string): string => (text.length > long || special.test(text) ? JSON.stringify(text) : `"${text}"`);
