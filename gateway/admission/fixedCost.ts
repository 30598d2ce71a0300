import { GraphQLError } from 'graphql';
import type { Variables } from '../execution/conditions.ts';
import type { Cost } from './costLevels.ts';

type CostOf = (variables: Variables) => Cost | GraphQLError;

/** One that did not look at any variable comes to the same for all others. */
export const onceIfFixed = (of: CostOf): CostOf => {
  let fixed: Cost | null = null;
  let varies = false;
  return (variables) => {
    if (fixed !== null) return fixed;
    if (varies) return of(variables);
    const looked = (): void => {
      varies = true;
    };
    const cost = of(watched(variables, looked));
    if (!varies && !(cost instanceof GraphQLError)) fixed = cost;
    return cost;
  };
};

const watched = (variables: Variables, looked: () => void): Variables =>
  new Proxy(variables, {
    get: (target, name) => {
      looked();
      return Reflect.get(target, name);
    },
    has: (target, name) => {
      looked();
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor: (target, name) => {
      looked();
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys: (target) => {
      looked();
      return Reflect.ownKeys(target);
    },
  });
