import { isAscii } from 'node:buffer';
import type { KnownStrings } from '@parley/kernel/plainAnswers';
import {
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
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
import { again, JsonBytes, longestNumber, slack } from './jsonBytes.ts';
import { leafStatement } from './leafValues.ts';
import { type DataObject, isObject } from './ownKeys.ts';

/**
 * The client's whole answer as JSON, cut from the merged data in one walk. Null where anything is not as its type says:
 * what then becomes null, and with which error, `Project` finds out.
 */
export type WriteJson = (data: DataObject, variables: Variables, known: KnownStrings) => Buffer | null;
/** Writes at a position and returns the one behind; -1 where something does not fit. */
type Write = (value: unknown, at: number, variables: Variables) => number;

/** All writing is done in one go, so one is enough. */
const output = new JsonBytes();
const opening = '{"data":';
const leastRoom = 256;

/** Null for an operation that is never answered without a look at each field: with introspection, or refused fields. */
export const compileWriter = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  dataKeyOf: DataKeyOf,
): WriteJson | null => {
  const root = schema.getRootType(operation.operation);
  if (!root || refused.size > 0) return null;
  const collect = createCollectFields(schema, fragments, refused);
  const groups: readonly Group[] = [{ selections: operation.selectionSet.selections, when: [], refused: false }];
  for (const { node } of collect(root, groups).values())
    if (node.name.value === '__schema' || node.name.value === '__type') return null;
  let write: Write | undefined;
  /** As much as the answer before took, and some more. */
  let room = leastRoom;
  return (data, variables, known) => {
    write ??= createObjectWriter(schema, collect, dataKeyOf)(root, groups);
    output.begin(room, known);
    let end = -1;
    try {
      output.bytes.write(opening, 0, 'latin1');
      end = write(data, opening.length, variables);
      if (end < 0) return null;
      output.bytes[end] = 0x7d;
      end += 1;
      room = leastRoom + end + (end >> 3);
    } finally {
      // Also where something failed: nothing of the answer is kept.
      if (end < 0) output.end(0);
    }
    return output.end(end);
  };
};

const createObjectWriter = (
  schema: GraphQLSchema,
  collect: CollectFields,
  dataKeyOf: DataKeyOf,
): ((type: ObjectLike, groups: readonly Group[]) => Write) => {
  /** Compiled per concrete type when it is first met. */
  const abstractOf = (name: string, inner: readonly Group[]): Write => {
    const byType = new Map<unknown, Write>();
    const writeFor = (typename: unknown): Write => {
      const type = typeof typename === 'string' ? schema.getType(typename) : undefined;
      const abstract = schema.getType(name);
      const isPossible = isObjectType(type) && isAbstractType(abstract) && schema.isSubType(abstract, type);
      const isItself = isInterfaceType(abstract) && (typename === undefined || typename === name);
      const write = isPossible ? objectOf(type, inner) : isItself ? objectOf(abstract, inner) : () => -1;
      if (byType.size < 1000) byType.set(typename, write);
      return write;
    };
    return (value, at, variables) => {
      if (!isObject(value)) return -1;
      const typename = value['__typename'];
      return (byType.get(typename) ?? writeFor(typename))(value, at, variables);
    };
  };

  /** One generated function for an object and all within it whose type is known. */
  const objectOf = (type: ObjectLike, own: readonly Group[]): Write => {
    const source = new Source();
    const name = addObject(source, type, own);
    return generate<Write>(
      ['w', ...source.names],
      [output, ...source.values],
      `${source.functions.join('\n')}\nreturn ${name};`,
    );
  };

  const addObject = (source: Source, objectType: ObjectLike, own: readonly Group[]): string => {
    const fields = [...collect(objectType, own)];
    const isConditional = fields.some(([, field]) => whenOf(field) !== null);
    const body = fields.map(([key, field], index) => {
      const name = `${JSON.stringify(key)}:`;
      if (!isConditional) return fieldOf(source, objectType, field, `${index === 0 ? '{' : ','}${name}`, '');
      const write = fieldOf(source, objectType, field, name, `if(p!==s)b[p++]=44;`);
      const when = whenOf(field);
      return when === null ? write : `if(${when.map(conditionOf).join('||')}){${write}}`;
    });
    const open = isConditional || fields.length === 0 ? `${roomFor(2)}b[p++]=123;const s=p;` : '';
    return source.add(
      'o',
      `if(typeof o!=='object'||o===null||Array.isArray(o))return -1;${begin}${open}${body.join('\n')}${roomFor(1)}b[p]=125;return p+1;`,
    );
  };

  /**
   * Statements that write one field, `start` first and `comma` before that. An inherited value (of `constructor`) is a
   * function, which fits no type.
   */
  const fieldOf = (
    source: Source,
    objectType: ObjectLike,
    { node, groups: inner }: CollectedField,
    start: string,
    comma: string,
  ): string => {
    const name = node.name.value;
    if (name === '__typename') {
      if (!isObjectType(objectType)) return 'return -1;';
      const text = `${start}"${objectType.name}"`;
      return `${roomFor(Buffer.byteLength(text) + 1)}${comma}${source.textAt(text)}`;
    }
    const declared = objectType.getFields()[name]?.type;
    if (!declared) return 'return -1;';
    const key = `${roomFor(Buffer.byteLength(start) + 1 + longestNumber)}${comma}${source.textAt(start)}`;
    return `{${key}const x=o[${literal(dataKeyOf(node))}];${writtenValue(source, declared, inner)}}`;
  };

  /** Statements that write `x`. There is room for a literal or a number. */
  const writtenValue = (source: Source, declared: GraphQLOutputType, inner: readonly Group[]): string => {
    const absent = isNonNullType(declared) ? 'return -1;' : source.textAt('null');
    return `if(x===null||x===undefined){${absent}}else{${presentValue(source, declared, inner)}}`;
  };

  const presentValue = (source: Source, declared: GraphQLOutputType, inner: readonly Group[]): string => {
    const type = isNonNullType(declared) ? declared.ofType : declared;
    if (isLeafType(type))
      return leafStatement(
        type,
        (make) => source.constant(type.name, make),
        (text) => source.textAt(text),
      );
    return `p=${writerOf(source, type, inner)}(x,p,v);if(p<0)return -1;${again}`;
  };

  const writerOf = (source: Source, type: GraphQLOutputType, inner: readonly Group[]): string => {
    if (isObjectType(type)) return addObject(source, type, inner);
    if (isListType(type)) {
      const item = writtenValue(source, type.ofType, inner);
      const each = `const x=o[i];${roomFor(1 + longestNumber)}if(i>0)b[p++]=44;${item}`;
      return source.add(
        'o',
        `if(!Array.isArray(o))return -1;${begin}${roomFor(2)}b[p++]=91;for(let i=0;i<o.length;i++){${each}}${roomFor(1)}b[p]=93;return p+1;`,
      );
    }
    return source.constant(null, () => abstractOf(String(type), inner));
  };

  return objectOf;
};

/**
 * What one generated function is made of. In it, `b` are the bytes, `d` is a view of them, `p` is the position and `v`
 * are the variables.
 */
class Source {
  readonly functions: string[] = [];
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  readonly #known = new Map<string, string>();

  add(parameter: string, body: string): string {
    const name = `f${this.functions.length}`;
    this.functions.push(`function ${name}(${parameter},p,v){${body}}`);
    return name;
  }

  /** Statements that write a text known beforehand. */
  textAt(text: string): string {
    const bytes = Buffer.from(text);
    if (bytes.length > storedByByte) {
      const name = this.constant(`text ${text}`, () => bytes);
      return `b.set(${name},p);p+=${bytes.length};`;
    }
    return `${storeOf(bytes)}p+=${bytes.length};`;
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

/** Up to here bytes stored one by one are quicker than copied ones. Of longer keys a few places would be much code. */
const storedByByte = 64;

const begin = 'let b=w.bytes,d=w.view;';
const roomFor = (bytes: number): string => `if(p+${bytes + slack}>b.length){b=w.grow(p,${bytes + slack});d=w.view;}`;

/**
 * Statements that store bytes at `p`, eight at a time, as a double: eight of ASCII are never NaN, which would lose bits.
 * Behind the last there may be zeros, in what is kept free.
 */
const storeOf = (bytes: Buffer): string => {
  if (bytes.length < 3 || !isAscii(bytes)) return [...bytes].map((byte, index) => `b[p+${index}]=${byte};`).join('');
  const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
  const steps = Array.from({ length: Math.ceil(bytes.length / 8) }, (_, step) => step * 8);
  return steps.map((at) => `d.setFloat64(p+${at},${padded.readDoubleLE(at)},true);`).join('');
};

const conditionOf = (conditions: readonly Condition[]): string =>
  `(${conditions.map(({ variable, negated }) => `v[${literal(variable)}]${negated ? '!==' : '==='}true`).join('&&')})`;
