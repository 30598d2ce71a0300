import { v5 } from 'uuid';

/** Names the space of reply ids (RFC 9562 version 5). */
const replies = '0b8f3a2e-6c55-5e0f-9d0a-6f0f4b0f5a11';

/** The id of the one reply to a customer's turn: the same for whoever makes it, however often it is tried. */
export const replyIdOf = (customerTurnId: string): string => v5(customerTurnId, replies);
