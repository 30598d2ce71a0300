import { badInput } from '@parley/kernel/builder';
import { type Period, periodProblem } from '../domain/period.ts';

/** The period of a query's optional `from` and `to`. @throws GraphQLError BAD_USER_INPUT */
export const periodOf = (args: { from?: Date | null | undefined; to?: Date | null | undefined }): Period => {
  const period = { from: args.from ?? null, to: args.to ?? null };
  const problem = periodProblem(period);
  if (problem !== null) throw badInput(problem);
  return period;
};
