import { type ReactNode, useId, useRef } from 'react';
import { strings } from '../../strings.ts';
import { Icon } from '../../ui/icon.tsx';
import { placePopover } from '../../ui/placePopover.ts';
import type { AgentChoiceProps } from './agentChoice.tsx';

/** Agents that are asked at once: boxes that the browser shows above everything, and hides when anything else is touched. One is always chosen. */
export function SeveralAgents({ agents, chosen, onChoose }: AgentChoiceProps): ReactNode {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const popup = useRef<HTMLFieldSetElement>(null);
  const isSeveral = chosen.length > 1;
  const names = chosen.join(', ');
  const choose = (name: string, isChosen: boolean): void =>
    onChoose(agents.flatMap((one) => ((one.name === name ? isChosen : chosen.includes(one.name)) ? [one.name] : [])));
  return (
    <>
      <button
        ref={trigger}
        type="button"
        className="agent-choice-several"
        data-several={isSeveral || undefined}
        aria-label={isSeveral ? strings.chat.askingSeveral(names) : strings.chat.askSeveral}
        title={isSeveral ? names : strings.chat.askSeveral}
        popoverTarget={id}
      >
        <Icon name="several" />
        {isSeveral && <span className="agent-choice-names">{names}</span>}
      </button>
      <fieldset
        ref={popup}
        id={id}
        popover="auto"
        className="agent-choice-list"
        onToggle={({ newState }) => {
          if (newState !== 'open') return;
          placePopover(trigger.current, popup.current, 'start');
          popup.current?.querySelector<HTMLInputElement>('input:enabled')?.focus();
        }}
      >
        <legend>{strings.chat.askSeveral}</legend>
        {agents.map(({ name, description }) => (
          <label key={name} className="agent-choice-item">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              disabled={!isSeveral && chosen.includes(name)}
              onChange={({ target }) => choose(name, target.checked)}
            />
            <span className="agent-choice-name">{name}</span>
            <span className="agent-choice-what">{description}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}
