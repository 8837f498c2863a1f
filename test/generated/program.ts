import assert from 'node:assert/strict';
import { type Approval, createClient, type Errors, type LookupOrderOutput, type SupportAgent, VerbatimError } from '@acme/agents';
import { pickFileOutput, refundInput, supportContext } from '@acme/agents/schemas';

// What a team does with the generated client that has none of the agents' code. It is type-checked, then run against a server.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
const yes = <T extends true>(_?: T): void => undefined;

const client = createClient({ url: process.argv[2] ?? '' });
const context = supportContext.validate({ shop: 'Blue Bikes' });
if (context.issues !== undefined) throw new Error(context.issues[0]?.message);
assert.deepEqual(context.value, { shop: 'Blue Bikes', locale: 'en' });

const run = await client.send({ agent: 'support', text: 'Where is order 42?', context: { shop: 'Blue Bikes' } });
const seen: unknown[] = [];
for await (const event of run) {
  yes<Equal<IsAny<typeof event>, false>>();
  if (event.type === 'tool.called' && event.tool === 'lookup_order') {
    yes<Equal<typeof event.input.orderId, string>>();
    yes<Equal<typeof event.input.limit, number>>();
    seen.push(event.input.limit);
  }
  if (event.type === 'tool.progress' && event.tool === 'lookup_order') yes<Equal<typeof event.data.percent, number>>();
  if (event.type === 'tool.completed' && event.tool === 'lookup_order') {
    yes<Equal<typeof event.output, LookupOrderOutput>>();
    yes<Equal<typeof event.output.status, 'open' | 'sent'>>();
    yes<Equal<typeof event.output.total, number | null>>();
    yes<Equal<typeof event.output.pair, [string, number]>>();
    if (event.output.payment.by === 'card') seen.push(event.output.to.city, event.output.payment.last4);
    // @ts-expect-error only a card has it
    else event.output.payment.last4;
    for (const part of event.output.category.parts) part.parts satisfies typeof event.output.category.parts;
  }
  if (event.type === 'approval.requested' && event.tool === 'refund') {
    yes<Equal<typeof event.input.amount, number>>();
    const { items } = await client.approvals.list();
    const [open] = items as readonly Approval[];
    if (open?.tool === 'refund') seen.push(open.input.amount);
    const edited = { ...event.input, amount: 20 };
    assert.equal(refundInput.validate(edited).issues, undefined);
    assert.deepEqual(refundInput.validate({ orderId: '42', amount: 0 }).issues?.[0]?.path, ['amount']);
    await run.approve(event, { input: edited });
    // @ts-expect-error the amount is a number
    if (seen.length === 0) await run.approve(event, { input: { orderId: '42', amount: 'all' } });
  }
  if (event.type === 'tool.completed' && event.tool === 'refund') seen.push(event.output.refundId);
  if (event.type === 'tool.called' && event.tool === 'pick_file') {
    const file = pickFileOutput.validate({ name: 'a.png', size: 3 });
    if (file.issues === undefined) await run.submitToolResult(event, file.value);
    // @ts-expect-error the size is missing
    if (seen.length === 0) await run.submitToolResult(event, { name: 'a.png' });
  }
  // @ts-expect-error there is no such tool
  if (event.type === 'tool.called' && event.tool === 'lookup_ordr') break;
}
assert.deepEqual(seen, [10, 'Utrecht', '4242', 30, 'refund of 20']);
assert.equal(await run.text(), 'All done.');

const verdict = await (await client.send({ agent: 'judge', text: 'Guilty?' })).result();
yes<Equal<typeof verdict.output, { verdict: 'yes' | 'no'; why: string } | undefined>>();
assert.equal(verdict.output?.verdict, 'yes');

for await (const event of await client.send({ agent: 'chart', text: 'Draw' })) {
  if (event.type === 'data' && event.name === 'points') assert.deepEqual(event.data.values satisfies number[], [1, 2]);
}

// @ts-expect-error there is no such agent
await assert.rejects(client.send({ agent: 'counter', text: 'x' }), { code: 'NOT_FOUND' });
// @ts-expect-error it needs a context
await assert.rejects(client.send({ agent: 'support', text: 'x' }), (error: unknown) => {
  return error instanceof VerbatimError && (error.code satisfies keyof Errors | string) === 'BAD_INPUT';
});
yes<Equal<SupportAgent['tools']['pick_file']['client'], true>>();
await client.close();
console.log('the program ran');
