import { v7 } from 'uuid';

/** A new id, RFC 9562 version 7: rows made one after another lie beside each other in the index. */
export const uuidv7 = (): string => v7();
