import { type GraphQLSchema, isObjectType, Kind, type SelectionSetNode } from 'graphql';
import { generate, isInherited, literal } from '../generate.ts';
import { copyOf, type DataObject, getOwn, mergedValue } from './ownKeys.ts';

/**
 * Takes over into each target, of the entity of its number (none for -1), what was asked of it and nothing else.
 * `mayMerge` is asked, by the target's place, where an entity says another type than is known of its target. Objects of
 * an entity that is `taken` already are copied; null where there are none, or all may share them.
 */
export type MergeEntities = (
  targets: readonly DataObject[],
  indexOf: readonly number[],
  entities: readonly unknown[],
  mayMerge: (at: number) => boolean,
  taken: Taken | null,
) => void;
export type Taken = {
  readonly entities: Set<unknown>;
  /** Whether the targets given together may share. */
  readonly mayShare: boolean;
};

/** `rename`: what keys become that output rewrites change before. */
export const compileMergeEntities = (
  schema: GraphQLSchema,
  selectionSet: SelectionSetNode,
  renamed: ReadonlyMap<string, string>,
): MergeEntities => {
  const keys = new Map<string, boolean>();
  const add = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet);
      if (selection.kind !== Kind.FIELD || selection.name.value === '__typename') continue;
      const key = selection.alias?.value ?? selection.name.value;
      const isComposite = selection.selectionSet !== undefined;
      for (const name of new Set([key, renamed.get(key) ?? key]))
        keys.set(name, isComposite || keys.get(name) === true);
    }
  };
  add(selectionSet);
  /** A subgraph that knows the interface only (@interfaceObject) calls a Clip a Media: the concrete type known stays. */
  const typename = (target: DataObject, given: unknown): void => {
    const known = target['__typename'];
    if (typeof known !== 'string' || !isObjectType(schema.getType(known))) target['__typename'] = given;
  };
  const statements = [...keys].map(([key, isComposite]) => {
    const name = literal(key);
    const read = isInherited(key) ? `own(e,${name})` : `e[${name}]`;
    const known = isInherited(key) ? `own(t,${name})` : `t[${name}]`;
    const value = isComposite ? `typeof x==='object'&&x!==null?merged(${known},x):x` : 'x';
    return `{const x=${read};if(x!==undefined)t[${name}]=${value};}`;
  });
  const names = ['own', 'merged', 'typename', 'copyOf'];
  const values = [getOwn, mergedValue, typename, copyOf];
  return generate(
    names,
    values,
    `return (targets,indexOf,entities,mayMerge,taken)=>{for(let i=0;i<targets.length;i++){const j=indexOf[i];if(j<0)continue;` +
      `let e=entities[j];if(typeof e!=='object'||e===null||Array.isArray(e))continue;const t=targets[i];` +
      `const n=e.__typename;if(n!==undefined&&n!==t.__typename){if(!mayMerge(i))continue;typename(t,n);}` +
      `if(taken!==null){const known=taken.entities.has(e);if(!known&&!taken.mayShare)taken.entities.add(e);if(known)e=copyOf(e);}` +
      `${statements.join('')}}};`,
  );
};
