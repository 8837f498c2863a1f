import {
  type Context,
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { codeOf } from '../../agents/observedCall.ts';
import { type Observer, silentObserver, type Work, type WorkFacts, type WorkSpan } from '../../protocol/observer.ts';

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;
const NO_TRACE = /^0+$/;

/** Whether a text is a `traceparent` as W3C has it; whatever is not is left out, as W3C wants. */
export function isTraceparent(text: string): boolean {
  const [, traceId = '0', spanId = '0'] = TRACEPARENT.exec(text) ?? [];
  return !text.startsWith('ff') && !NO_TRACE.test(traceId) && !NO_TRACE.test(spanId);
}

const NO_SDK = new ProxyTracerProvider().getDelegate();

/** No SDK is registered by now: spans would be made for nobody. */
function isOff(): boolean {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider && provider.getDelegate() === NO_SDK;
}

/**
 * Work as spans of OpenTelemetry, by whatever SDK the application has registered; without one, nothing. Attributes are those of its conventions
 * for generative AI, and ids. Never content.
 */
export function openTraces(): Pick<Observer, 'within' | 'traceparent'> {
  const tracer = trace.getTracer('verbatim-agents');
  return {
    within(work, perform) {
      if (isOff()) return silentObserver.within(work, perform);
      const parent = parentOf(work);
      const span = tracer.startSpan(nameOf(work), { kind: kindOf(work), attributes: attributesOf(work) }, parent);
      return context.with(trace.setSpan(parent, span), () => finish(span, work, perform));
    },
    traceparent() {
      const found = trace.getSpanContext(context.active());
      if (found === undefined || !trace.isSpanContextValid(found)) return undefined;
      return `00-${found.traceId}-${found.spanId}-${found.traceFlags.toString(16).padStart(2, '0')}`;
    },
  };
}

async function finish<Result>(span: Span, work: Work, perform: (span: WorkSpan) => Promise<Result>): Promise<Result> {
  const fail = (code: string): void => {
    span.setAttribute('error.type', code);
    // Not the error itself: what it says may be content.
    span.addEvent('exception', { 'exception.type': code });
    span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  };
  try {
    return await perform({ tell: (facts) => void span.setAttributes(factsOf(facts, work)), fail });
  } catch (cause) {
    fail(codeOf(cause));
    throw cause;
  } finally {
    span.end();
  }
}

/** A send goes on with the caller's trace; a run with that of what asked for it, whichever process that was in. */
function parentOf(work: Work): Context {
  if (work.kind !== 'send' && work.kind !== 'run') return context.active();
  const [, traceId, spanId, flags = '0'] = isTraceparent(work.traceparent ?? '') ? (TRACEPARENT.exec(work.traceparent ?? '') ?? []) : [];
  if (traceId === undefined || spanId === undefined) return work.kind === 'send' ? context.active() : ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function nameOf(work: Work): string {
  switch (work.kind) {
    case 'send':
      return `send ${work.agent}`;
    case 'run':
      return `invoke_agent ${work.agent}`;
    case 'step':
      return `step ${work.step}`;
    case 'model':
      return `chat ${work.model}`;
    case 'tool':
      return `execute_tool ${work.tool}`;
  }
}

function kindOf({ kind }: Work): SpanKind {
  if (kind === 'send') return SpanKind.SERVER;
  return kind === 'model' ? SpanKind.CLIENT : SpanKind.INTERNAL;
}

type Attributes = Readonly<Record<string, string | number | string[]>>;

function attributesOf(work: Work): Attributes {
  const agent = { 'gen_ai.agent.name': work.agent };
  switch (work.kind) {
    case 'send':
      return agent;
    case 'run':
      return { 'gen_ai.operation.name': 'invoke_agent', 'verbatim.run.id': work.runId, 'verbatim.run.attempt': work.attempt, ...agent };
    case 'step':
      return { 'verbatim.run.id': work.runId, 'verbatim.step': work.step, ...agent };
    case 'model':
      return {
        'gen_ai.operation.name': 'chat',
        ...agent,
        'gen_ai.request.model': work.model,
        'gen_ai.conversation.id': work.threadId,
        'verbatim.run.id': work.runId,
        ...(work.temperature !== undefined && { 'gen_ai.request.temperature': work.temperature }),
        ...(work.maxOutputTokens !== undefined && { 'gen_ai.request.max_tokens': work.maxOutputTokens }),
      };
    case 'tool':
      return {
        'gen_ai.operation.name': 'execute_tool',
        ...agent,
        'gen_ai.tool.name': work.tool,
        'gen_ai.tool.call.id': work.callId,
        'gen_ai.tool.type': 'function',
        'verbatim.run.id': work.runId,
      };
  }
}

function factsOf({ runId, threadId, result, model, finish: reason, usage }: WorkFacts, { kind }: Work): Attributes {
  return {
    ...(runId !== undefined && { 'verbatim.run.id': runId }),
    ...(threadId !== undefined && { 'gen_ai.conversation.id': threadId }),
    ...(result !== undefined && { [kind === 'send' ? 'verbatim.send.disposition' : 'verbatim.run.result']: result }),
    ...(model !== undefined && { 'gen_ai.response.model': model }),
    ...(reason !== undefined && { 'gen_ai.response.finish_reasons': [reason] }),
    ...(usage !== undefined && {
      'gen_ai.usage.input_tokens': usage.inputTokens,
      'gen_ai.usage.output_tokens': usage.outputTokens,
      ...(usage.cachedTokens !== undefined && { 'gen_ai.usage.cache_read.input_tokens': usage.cachedTokens }),
    }),
  };
}
