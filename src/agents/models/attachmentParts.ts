import type { ModelAttachment } from '../model.ts';

/** What OpenAI's models take. */
export const OPENAI_ATTACHMENTS = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'] as const;

/** Whether a media type is one of `types`, which may be such as `image/*`. */
export function takesType(types: readonly string[], type: string): boolean {
  const [essence = ''] = type.toLowerCase().split(';');
  return types.some((taken) => (taken.endsWith('/*') ? essence.startsWith(taken.slice(0, -1)) : taken === essence.trim()));
}

/** What a model is told of a file that it cannot be given. */
export function attachmentLine({ name, type, bytes }: ModelAttachment): string {
  return `[Attached file: ${name ?? 'without a name'}, ${type}, ${bytes.length} bytes. It cannot be shown to you.]`;
}

export function dataUrl({ type, bytes }: ModelAttachment): string {
  return `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}

/** A name for a file that has none: providers ask for one. */
export function fileName({ name, type }: ModelAttachment): string {
  return name ?? `file.${type.split('/')[1]?.replace(/[^a-z0-9]/gi, '') || 'bin'}`;
}
