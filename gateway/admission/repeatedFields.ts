import { Kind, type SelectionSetNode } from 'graphql';
import type { Fragments } from '../access/authorize.ts';

/**
 * How many pairs of fields answer under one name in one place, fragments in place: what validation compares one by one
 * (spec §5.3.2), so that a document of twice the length may take four times as long (B03). Stops counting past `most`.
 * `selections`: what the set is known to amount to; what goes on longer is a circle of fragments, which validation names.
 */
export const countRepeatedPairs = (
  set: SelectionSetNode,
  fragments: Fragments,
  { most, selections }: { readonly most: number; readonly selections: number },
): number => {
  let pairs = 0;
  let steps = 0;

  const count = (sets: readonly SelectionSetNode[]): void => {
    const places = new Map<string, { times: number; sets: SelectionSetNode[] }>();
    const spread = new Set<string>();
    const collect = (from: SelectionSetNode): void => {
      for (const selection of from.selections) {
        steps += 1;
        if (steps > selections || pairs > most) return;
        if (selection.kind === Kind.FIELD) {
          const key = selection.alias?.value ?? selection.name.value;
          const place = places.get(key) ?? { times: 0, sets: [] };
          pairs += place.times;
          place.times += 1;
          if (selection.selectionSet) place.sets.push(selection.selectionSet);
          places.set(key, place);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
        else if (!spread.has(selection.name.value)) {
          spread.add(selection.name.value);
          const fragment = fragments.get(selection.name.value);
          if (fragment) collect(fragment.selectionSet);
        }
      }
    };
    for (const from of sets) collect(from);
    for (const place of places.values()) if (place.sets.length > 0) count(place.sets);
  };
  count([set]);
  return pairs;
};
