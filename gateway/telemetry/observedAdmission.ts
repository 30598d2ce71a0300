import { GraphQLError } from 'graphql';
import type { Admission } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphRequest.ts';

/** An admission that tells each operation's observation what it found and what it refused. */
export const observedAdmission = (admission: Admission): Admission => {
  const reporting = async <T>(call: Call, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      call.observed?.rejected(codeOf(error));
      throw error;
    }
  };
  return {
    find: async (request, caller, call) => {
      call.observed?.calledBy(caller);
      const found = await reporting(call, admission.find(request, caller, call));
      if (found) call.observed?.found(found);
      return found;
    },
    admit: (found, variables, call) => reporting(call, admission.admit(found, variables, call)),
  };
};

const codeOf = (error: unknown): string =>
  error instanceof GraphQLError && typeof error.extensions['code'] === 'string'
    ? error.extensions['code']
    : 'INTERNAL_SERVER_ERROR';
