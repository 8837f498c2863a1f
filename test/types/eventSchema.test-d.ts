import { expectTypeOf } from 'vitest';
import type { z } from 'zod';
import type { AnyEvent, StoredEvent } from '../../src/protocol/event.ts';
import type { eventSchema, messageSchema, storedEventSchema } from '../../src/protocol/eventSchema.ts';
import type { Message } from '../../src/protocol/message.ts';

type Schema = z.output<typeof eventSchema>;
type SchemaMessage = z.output<typeof messageSchema>;

expectTypeOf<Schema>().toExtend<AnyEvent>();
expectTypeOf<AnyEvent>().toExtend<Schema>();
expectTypeOf<z.output<typeof storedEventSchema>>().toExtend<StoredEvent>();
expectTypeOf<StoredEvent>().toExtend<z.output<typeof storedEventSchema>>();
expectTypeOf<SchemaMessage>().toExtend<Message>();
expectTypeOf<Message>().toExtend<SchemaMessage>();

/** Being assignable both ways says nothing of a field that is optional on one side and missing on the other. */
type FieldsOf<Event extends { readonly type: string }> = {
  [Type in Event['type']]: keyof Extract<Event, { readonly type: Type }>;
};
expectTypeOf<FieldsOf<Schema>>().toEqualTypeOf<FieldsOf<AnyEvent>>();
type MessageFields<Any extends { readonly role: string }> = { [Role in Any['role']]: keyof Extract<Any, { readonly role: Role }> };
expectTypeOf<MessageFields<SchemaMessage>>().toEqualTypeOf<MessageFields<Message>>();
