import { GraphQLError } from 'graphql';
import { refusal } from '../errors.ts';
import type { Variables } from '../execution/conditions.ts';
import type { Cost } from './costLevels.ts';
import { limitExceeded, type OperationLimits } from './limits.ts';
import type { OperationCost } from './operationCost.ts';

/** The cost of an operation that is within its limits for these variables; a refusal for one that is not. */
export const costWithin = (cost: OperationCost, variables: Variables, limits: OperationLimits): Cost | GraphQLError => {
  const { callsInARow, sensitive } = cost;
  if (callsInARow > limits.callsInARow) return limitExceeded('callsInARow', limits);
  if (sensitive.length > 1)
    return refusal(
      'SENSITIVE_FIELD_LIMIT_EXCEEDED',
      'An operation may check one secret, such as a password: send them one by one.',
      400,
      { limit: 1 },
    );
  const points = cost.of(variables);
  if (points instanceof GraphQLError) return points;
  return points.total > limits.cost ? limitExceeded('cost', limits, { cost: points.total }) : points;
};
