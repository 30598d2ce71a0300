import { type GraphQLLeafType, isEnumType } from 'graphql';
import { again } from './jsonBytes.ts';

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

/**
 * A statement that writes the value `x`, which is neither null nor absent, at `p`, and fails where it is not one of the
 * type's. There is room for a literal or a number. `constant` gives the name of a value.
 */
export const leafStatement = (
  type: GraphQLLeafType,
  constant: (make: () => unknown) => string,
  literalAt: (text: string) => string,
): string => {
  const fail = 'return -1;';
  const string = (x: string): string => `{p=w.string(${x},p);${again}}`;
  if (isEnumType(type)) {
    const names = constant(() => new Set(type.getValues().map(({ name }) => name)));
    return `if(!${names}.has(x))${fail}${string('x')}`;
  }
  switch (type.name) {
    case 'String':
      return `if(typeof x!=='string')${fail}${string('x')}`;
    case 'ID':
      return `if(typeof x==='string')${string('x')}else if(Number.isInteger(x))${string('String(x)')}else ${fail}`;
    case 'Int':
      return `if(!Number.isInteger(x))${fail}p=w.number(x,p);`;
    case 'Float':
      return `if(typeof x!=='number'||!Number.isFinite(x))${fail}p=w.number(x,p);`;
    case 'Boolean':
      return `if(x===true){${literalAt('true')}}else if(x===false){${literalAt('false')}}else ${fail}`;
    default:
      return `const j=JSON.stringify(x);if(j===undefined)${fail}p=w.json(j,p);${again}`;
  }
};
