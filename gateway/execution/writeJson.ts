import {
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import { generate, literal } from '../generate.ts';
import type { DataKeyOf } from '../planning/dataKeys.ts';
import {
  type CollectedField,
  type CollectFields,
  createCollectFields,
  type Group,
  type ObjectLike,
  whenOf,
} from './collectFields.ts';
import type { Condition, Variables } from './conditions.ts';
import { forgetWritten, leafWriter, plainLeafWriter } from './leafValues.ts';
import { type DataObject, isObject } from './ownKeys.ts';

/**
 * The client's answer as JSON text, cut from the merged data in one walk. Empty where anything is not as its type says:
 * what then becomes null, and with which error, `Project` finds out.
 */
export type WriteJson = (data: DataObject, variables: Variables) => string;
type Write = (value: unknown, variables: Variables) => string;

/** Null for an operation that is never answered without a look at each field: with introspection, or refused fields. */
export const compileWriters = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  dataKeyOf: DataKeyOf,
): { readonly write: WriteJson | null; readonly writePlain: WriteJson | null } => {
  const nothing = { write: null, writePlain: null };
  const root = schema.getRootType(operation.operation);
  if (!root || refused.size > 0) return nothing;
  const collect = createCollectFields(schema, fragments, refused);
  const groups: readonly Group[] = [{ selections: operation.selectionSet.selections, when: [], refused: false }];
  for (const { node } of collect(root, groups).values())
    if (node.name.value === '__schema' || node.name.value === '__type') return nothing;
  /** Mostly only one of the two is ever used. */
  const whenUsed = (leaf: typeof leafWriter): WriteJson => {
    let made: Write | undefined;
    return (data, variables) => {
      made ??= createObjectWriter(schema, collect, dataKeyOf, leaf)(root, groups);
      try {
        return made(data, variables);
      } finally {
        forgetWritten();
      }
    };
  };
  return { write: whenUsed(leafWriter), writePlain: whenUsed(plainLeafWriter) };
};

const createObjectWriter = (
  schema: GraphQLSchema,
  collect: CollectFields,
  dataKeyOf: DataKeyOf,
  leaf: typeof leafWriter,
): ((type: ObjectLike, groups: readonly Group[]) => Write) => {
  /** Compiled per concrete type when it is first met. */
  const abstractOf = (name: string, inner: readonly Group[]): Write => {
    const byType = new Map<unknown, Write>();
    const writeFor = (typename: unknown): Write => {
      const type = typeof typename === 'string' ? schema.getType(typename) : undefined;
      const abstract = schema.getType(name);
      const isPossible = isObjectType(type) && isAbstractType(abstract) && schema.isSubType(abstract, type);
      const isItself = isInterfaceType(abstract) && (typename === undefined || typename === name);
      const write = isPossible ? objectOf(type, inner) : isItself ? objectOf(abstract, inner) : () => '';
      if (byType.size < 1000) byType.set(typename, write);
      return write;
    };
    return (value, variables) => {
      if (!isObject(value)) return '';
      const typename = value['__typename'];
      return (byType.get(typename) ?? writeFor(typename))(value, variables);
    };
  };

  /** One generated function for an object and all within it whose type is known. */
  const objectOf = (type: ObjectLike, own: readonly Group[]): Write => {
    const source = new Source();
    const name = addObject(source, type, own);
    return generate<Write>(source.names, source.values, `${source.functions.join('\n')}\nreturn ${name};`);
  };

  const addObject = (source: Source, objectType: ObjectLike, own: readonly Group[]): string => {
    const fields = [...collect(objectType, own)];
    const isConditional = fields.some(([, field]) => whenOf(field) !== null);
    const body = fields.map(([key, field], index) => {
      const before = isConditional ? '' : index === 0 ? '{' : ',';
      const start = `${before}${JSON.stringify(key)}:`;
      const add: AddField = (text, opening = '') =>
        `s+=${isConditional ? `(s===''?'{':',')+` : ''}${literal(start + opening)}+${text};`;
      const when = whenOf(field);
      const write = fieldOf(source, objectType, field, add);
      return when === null ? write : `if(${when.map(conditionOf).join('||')}){${write}}`;
    });
    return source.add(
      'o',
      `if(typeof o!=='object'||o===null||Array.isArray(o))return '';let s='';${body.join('\n')}return s===''?'{}':s+'}';`,
    );
  };

  /** Statements that add one field to `s`. An inherited value (of `constructor`) is a function, which fits no type. */
  const fieldOf = (
    source: Source,
    objectType: ObjectLike,
    { node, groups: inner }: CollectedField,
    add: AddField,
  ): string => {
    const name = node.name.value;
    if (name === '__typename') return isObjectType(objectType) ? add(literal(`"${objectType.name}"`)) : `return '';`;
    const declared = objectType.getFields()[name]?.type;
    if (!declared) return `return '';`;
    const absent = isNonNullType(declared) ? `return '';` : add(`'null'`);
    const written = isPlainText(declared)
      ? `if(typeof x!=='string')return '';${add('x', '"')}s+='"';`
      : `const t=${textOf(source, declared, inner, 'x')};if(t==='')return '';${add('t')}`;
    return `{const x=o[${literal(dataKeyOf(node))}];if(x===null||x===undefined){${absent}}else{${written}}}`;
  };

  /** Written in place: each part a text is put together of costs when it is made bytes. */
  const isPlainText = (declared: GraphQLOutputType): boolean =>
    leaf === plainLeafWriter && String(getNullableType(declared)) === 'String';

  /** An expression: the text of what is in `x`, which is neither null nor absent. */
  const textOf = (source: Source, declared: GraphQLOutputType, inner: readonly Group[], x: string): string => {
    const type = isNonNullType(declared) ? declared.ofType : declared;
    if (isLeafType(type)) return `${source.constant(type.name, () => leaf(type))}(${x})`;
    if (isObjectType(type)) return `${addObject(source, type, inner)}(${x},v)`;
    if (!isListType(type)) return `${source.constant(null, () => abstractOf(type.name, inner))}(${x},v)`;
    const absent = isNonNullType(type.ofType) ? `return '';` : `t='null';`;
    const item = textOf(source, type.ofType, inner, 'x');
    const list = source.add(
      'o',
      `if(!Array.isArray(o))return '';const n=o.length;if(n===0)return '[]';let s='';for(let i=0;i<n;i++){const x=o[i];let t;if(x===null||x===undefined){${absent}}else{t=${item};if(t==='')return '';}s+=i===0?'['+t:','+t;}return s+']';`,
    );
    return `${list}(${x},v)`;
  };

  return objectOf;
};

/** A statement that adds a field: the expression of its value, and what is written before that. */
type AddField = (text: string, opening?: string) => string;

/** What one generated function is made of. */
class Source {
  readonly functions: string[] = [];
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  readonly #known = new Map<string, string>();

  add(parameter: string, body: string): string {
    const name = `f${this.functions.length}`;
    this.functions.push(`function ${name}(${parameter},v){${body}}`);
    return name;
  }

  /** A value the source may name; made once per `key`. */
  constant(key: string | null, make: () => unknown): string {
    const known = key === null ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const name = `c${this.names.length}`;
    this.names.push(name);
    this.values.push(make());
    if (key !== null) this.#known.set(key, name);
    return name;
  }
}

const conditionOf = (conditions: readonly Condition[]): string =>
  `(${conditions.map(({ variable, negated }) => `v[${literal(variable)}]${negated ? '!==' : '==='}true`).join('&&')})`;
