import { v7, validate } from 'uuid';

/** A new identifier: UUIDv7, so that rows made together lie together in an index. */
export const newId = (): string => v7();

/** Whether the text is a UUID of any version. */
export const isUuid = (text: string): boolean => validate(text);
