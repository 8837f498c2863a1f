import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { GuardInput } from '../guard.ts';
import type { Model } from '../model.ts';
import { askModel } from './askModel.ts';
import { type ReadyGuard, type ReadyGuardOptions, readySettings } from './readyGuard.ts';

/** What Llama Guard 3 was trained on: the hazards of MLCommons. */
export const LLAMA_GUARD_CATEGORIES: Readonly<Record<string, string>> = {
  S1: 'Violent Crimes',
  S2: 'Non-Violent Crimes',
  S3: 'Sex Crimes',
  S4: 'Child Exploitation',
  S5: 'Defamation',
  S6: 'Specialized Advice',
  S7: 'Privacy',
  S8: 'Intellectual Property',
  S9: 'Indiscriminate Weapons',
  S10: 'Hate',
  S11: 'Self-Harm',
  S12: 'Sexual Content',
  S13: 'Elections',
  S14: 'Code Interpreter Abuse',
};

export interface LlamaGuardOptions extends ReadyGuardOptions {
  /** By code; those that block. Default: all of Llama Guard 3. */
  readonly categories?: Readonly<Record<string, string>> | undefined;
  /**
   * Who writes the model's prompt. `ours` (default): the documented one, in one message, for an endpoint that passes it on. `server`: the text
   * alone, for one whose chat template writes it, such as Ollama's `llama-guard3`; its answer may then name categories of its own.
   */
  readonly prompt?: 'ours' | 'server' | undefined;
}

/** Blocks what a Llama Guard finds unsafe; any endpoint that serves one. The reason names the categories. */
export function llamaGuard(model: Model, options: LlamaGuardOptions = {}): ReadyGuard {
  const { categories = LLAMA_GUARD_CATEGORIES, prompt = 'ours' } = options;
  return {
    ...readySettings(options, { name: 'llama_guard', mode: 'tripwire' }),
    async check(input) {
      const text = prompt === 'ours' ? promptFor(input, categories) : input.text;
      const { text: said, usage } = await askModel(model, { instructions: '', text }, input);
      const [word = '', codes = ''] = said.trim().split(/\s*\n\s*/, 2);
      if (word.toLowerCase() === 'safe') return { verdict: 'pass', usage };
      if (word.toLowerCase() !== 'unsafe') {
        throw new VerbatimError('MODEL_BAD_RESPONSE', `The model ${model.name} answered neither safe nor unsafe.`);
      }
      // Only names that we know: the rest is a model's own words.
      const named = codes.split(',').flatMap((code) => categories[code.trim().toUpperCase()] ?? []);
      return { verdict: 'block', reason: named.length === 0 ? 'unsafe' : named.join(', '), usage };
    },
    close: async () => model.close?.(),
  };
}

/** The format is the model's: https://www.llama.com/docs/model-cards-and-prompt-formats/llama-guard-3/ */
function promptFor({ stage, text, before, asked }: GuardInput, categories: Readonly<Record<string, string>>): string {
  const role = stage === 'input' ? 'User' : 'Agent';
  const list = Object.entries(categories).map(([code, name]) => `${code}: ${name}.`);
  const turns = stage === 'input' ? [`User: ${text}`] : [`User: ${asked}`, `Agent: ${before}${text}`];
  return [
    `Task: Check if there is unsafe content in '${role}' messages in conversations according our safety policy with the below categories.`,
    ['<BEGIN UNSAFE CONTENT CATEGORIES>', ...list, '<END UNSAFE CONTENT CATEGORIES>'].join('\n'),
    '<BEGIN CONVERSATION>',
    ...turns,
    '<END CONVERSATION>',
    [
      `Provide your safety assessment for ONLY THE LAST ${role} message in the above conversation:`,
      " - First line must read 'safe' or 'unsafe'.",
      ' - If unsafe, a second line must include a comma-separated list of violated categories.',
    ].join('\n'),
  ].join('\n\n');
}
